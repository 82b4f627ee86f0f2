// Runs in the sandbox in the place of `node:crypto`, for the digests that small problems ask for: MD5 (RFC 1321), SHA-1 and SHA-256 (FIPS 180-4).

type Block = (state: number[], words: readonly number[]) => void;
interface Algorithm {
  readonly start: readonly number[];
  readonly isLittle: boolean;
  readonly mix: Block;
}

const add = (...values: readonly number[]): number => values.reduce((sum, value) => (sum + value) | 0, 0);
const left = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));
const right = (value: number, bits: number): number => (value >>> bits) | (value << (32 - bits));
const at = (list: readonly number[], index: number): number => list[index] ?? 0;

const MD5_SHIFTS = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
];
const MD5_SINES = Array.from({ length: 64 }, (_, index) => Math.floor(Math.abs(Math.sin(index + 1)) * 2 ** 32) | 0);
const md5Block: Block = (state, words) => {
  let [a = 0, b = 0, c = 0, d = 0] = state;
  for (let index = 0; index < 64; index += 1) {
    const round = index >> 4;
    const mixed = [(b & c) | (~b & d), (d & b) | (~d & c), b ^ c ^ d, c ^ (b | ~d)];
    const word = [index, 5 * index + 1, 3 * index + 5, 7 * index];
    const sum = add(a, at(mixed, round), at(MD5_SINES, index), at(words, at(word, round) % 16));
    [a, d, c, b] = [d, c, b, add(b, left(sum, MD5_SHIFTS[round]?.[index % 4] ?? 0))];
  }
  addTo(state, [a, b, c, d]);
};

const sha1Block: Block = (state, words) => {
  const schedule = [...words];
  for (let index = 16; index < 80; index += 1)
    schedule.push(
      left(at(schedule, index - 3) ^ at(schedule, index - 8) ^ at(schedule, index - 14) ^ at(schedule, index - 16), 1),
    );
  let [a = 0, b = 0, c = 0, d = 0, e = 0] = state;
  for (let index = 0; index < 80; index += 1) {
    const round = Math.floor(index / 20);
    const mixed = [(b & c) | (~b & d), b ^ c ^ d, (b & c) | (b & d) | (c & d), b ^ c ^ d];
    const sum = add(
      left(a, 5),
      at(mixed, round),
      e,
      at([0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6], round),
      at(schedule, index),
    );
    [a, b, c, d, e] = [sum, a, left(b, 30), c, d];
  }
  addTo(state, [a, b, c, d, e]);
};

const isPrime = (value: number): boolean => {
  for (let divisor = 2; divisor * divisor <= value; divisor += 1) if (value % divisor === 0) return false;
  return true;
};
const PRIMES = Array.from({ length: 312 }, (_, index) => index)
  .filter((value) => value > 1 && isPrime(value))
  .slice(0, 64);
const fraction = (value: number): number => Math.floor((value - Math.floor(value)) * 2 ** 32) | 0;
const SHA256_ROUNDS = PRIMES.map((prime) => fraction(Math.cbrt(prime)));
const sha256Block: Block = (state, words) => {
  const schedule = [...words];
  for (let index = 16; index < 64; index += 1) {
    const early = at(schedule, index - 15);
    const late = at(schedule, index - 2);
    const low = right(early, 7) ^ right(early, 18) ^ (early >>> 3);
    const high = right(late, 17) ^ right(late, 19) ^ (late >>> 10);
    schedule.push(add(at(schedule, index - 16), low, at(schedule, index - 7), high));
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let index = 0; index < 64; index += 1) {
    const big = right(e, 6) ^ right(e, 11) ^ right(e, 25);
    const first = add(h, big, (e & f) ^ (~e & g), at(SHA256_ROUNDS, index), at(schedule, index));
    const second = add(right(a, 2) ^ right(a, 13) ^ right(a, 22), (a & b) ^ (a & c) ^ (b & c));
    [a, b, c, d, e, f, g, h] = [add(first, second), a, b, c, add(d, first), e, f, g];
  }
  addTo(state, [a, b, c, d, e, f, g, h]);
};

const FIRST = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
const ALGORITHMS: Readonly<Record<string, Algorithm>> = {
  md5: { start: FIRST, isLittle: true, mix: md5Block },
  sha1: { start: [...FIRST, 0xc3d2e1f0], isLittle: false, mix: sha1Block },
  sha256: { start: PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime))), isLittle: false, mix: sha256Block },
};

function addTo(state: number[], values: readonly number[]): void {
  for (const [index, value] of values.entries()) state[index] = add(at(state, index), value);
}

function utf8(text: string): number[] {
  return Array.from(unescape(encodeURIComponent(text.toWellFormed())), (character) => character.charCodeAt(0));
}

function digest({ start, isLittle, mix }: Algorithm, message: readonly number[]): number[] {
  const bytes = [...message, 0x80];
  while (bytes.length % 64 !== 56) bytes.push(0);
  const bits = message.length * 8;
  const length = [bits >>> 24, bits >>> 16, bits >>> 8, bits, Math.floor(bits / 2 ** 32)].map((byte) => byte & 255);
  const high = [0, 0, 0, at(length, 4)];
  bytes.push(...(isLittle ? [...length.slice(0, 4).toReversed(), ...high.toReversed()] : [...high, ...length.slice(0, 4)]));
  const state = [...start];
  const order = isLittle ? [0, 8, 16, 24] : [24, 16, 8, 0];
  for (let from = 0; from < bytes.length; from += 64) {
    const words = Array.from({ length: 16 }, (_, word) =>
      order.reduce((sum, shift, index) => sum | (at(bytes, from + 4 * word + index) << shift), 0),
    );
    mix(state, words);
  }
  return state.flatMap((word) => order.map((shift) => (word >>> shift) & 255));
}

const hexOf = (bytes: readonly number[]): string => bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** A digest being made, as `crypto.createHash` gives it; only texts and bytes go in, and hexadecimal comes out. */
interface Hash {
  readonly update: (data: string | Iterable<number>) => Hash;
  readonly digest: (encoding: 'hex') => string;
}

function createHash(name: string): Hash {
  const algorithm = ALGORITHMS[name.toLowerCase().replace('-', '')];
  if (algorithm === undefined)
    throw new Error(`Digest method not supported: the sandbox has ${Object.keys(ALGORITHMS).join(', ')}`);
  const bytes: number[] = [];
  const hash: Hash = {
    update: (data) => {
      for (const byte of typeof data === 'string' ? utf8(data) : data) bytes.push(byte);
      return hash;
    },
    digest: (encoding) => {
      if (encoding !== 'hex') throw new Error('The sandbox gives digests in "hex" only');
      return hexOf(digest(algorithm, bytes));
    },
  };
  return hash;
}

/** What stands for `node:crypto`. */
export const cryptoModule: { readonly createHash: typeof createHash } = Object.freeze({ createHash });

type Md5 = (text: string) => string;

/** What stands for `js-md5`. */
export const md5: Md5 & { readonly md5: Md5; readonly hex: Md5 } = withNames((text) =>
  createHash('md5').update(text).digest('hex'),
);

function withNames(digestOf: Md5): typeof md5 {
  return Object.freeze(Object.assign(digestOf, { md5: digestOf, hex: digestOf }));
}
