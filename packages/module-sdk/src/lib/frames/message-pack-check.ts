/** What a value begins with says how long it is: bytes of its own, and how many values are in it. */
interface Head {
  readonly bytes: number;
  readonly values: number;
}

/**
 * Whether bytes are one value of MessagePack, nested no deeper than the limit, that holds no more values than its bytes can be: who decodes it makes room for what a
 * list says of its length before anything of it is there. Takes time in proportion to the bytes, and memory in proportion to the limit.
 */
export function isSoundMessagePack(data: Buffer, depthLimit: number): boolean {
  // Values that are still to come, of each list or map that is open.
  const open: number[] = [];
  let at = 0;
  let missing = 1;
  while (true) {
    while (missing === 0) {
      const outer = open.pop();
      if (outer === undefined) return at === data.length;
      missing = outer;
    }
    const head = headAt(data, at);
    if (head === undefined || head.bytes > data.length - at || head.values > data.length - at - head.bytes) return false;
    at += head.bytes;
    missing -= 1;
    if (head.values === 0) continue;
    if (open.length >= depthLimit) return false;
    open.push(missing);
    missing = head.values;
  }
}

/** By the first byte from 0xc0 on: bytes of a number after it, bytes of its value, and what its number counts. */
const FIXED: ReadonlyMap<number, number> = new Map([
  [0xc0, 1],
  [0xc2, 1],
  [0xc3, 1],
  [0xca, 5],
  [0xcb, 9],
  [0xcc, 2],
  [0xcd, 3],
  [0xce, 5],
  [0xcf, 9],
  [0xd0, 2],
  [0xd1, 3],
  [0xd2, 5],
  [0xd3, 9],
  [0xd4, 3],
  [0xd5, 4],
  [0xd6, 6],
  [0xd7, 10],
  [0xd8, 18],
]);
/** Of bytes, extensions and texts: how long the number of their length is, and what comes between it and them. */
const SIZED: ReadonlyMap<number, readonly [number: number, between: number]> = new Map([
  [0xc4, [1, 0]],
  [0xc5, [2, 0]],
  [0xc6, [4, 0]],
  [0xc7, [1, 1]],
  [0xc8, [2, 1]],
  [0xc9, [4, 1]],
  [0xd9, [1, 0]],
  [0xda, [2, 0]],
  [0xdb, [4, 0]],
]);
/** Of lists and maps: how long the number of their entries is, and values of an entry. */
const COUNTED: ReadonlyMap<number, readonly [number: number, values: number]> = new Map([
  [0xdc, [2, 1]],
  [0xdd, [4, 1]],
  [0xde, [2, 2]],
  [0xdf, [4, 2]],
]);

/** `undefined` where no value can begin. */
function headAt(data: Buffer, at: number): Head | undefined {
  const first = data[at];
  if (first === undefined) return undefined;
  if (first < 0x80 || first >= 0xe0) return { bytes: 1, values: 0 };
  if (first < 0x90) return { bytes: 1, values: (first & 0x0f) * 2 };
  if (first < 0xa0) return { bytes: 1, values: first & 0x0f };
  if (first < 0xc0) return { bytes: 1 + (first & 0x1f), values: 0 };
  const fixed = FIXED.get(first);
  if (fixed !== undefined) return { bytes: fixed, values: 0 };
  const sized = SIZED.get(first);
  if (sized !== undefined) {
    const [number, between] = sized;
    return at + 1 + number > data.length
      ? undefined
      : { bytes: 1 + number + between + data.readUIntBE(at + 1, number), values: 0 };
  }
  const counted = COUNTED.get(first);
  if (counted === undefined) return undefined;
  const [number, values] = counted;
  return at + 1 + number > data.length ? undefined : { bytes: 1 + number, values: values * data.readUIntBE(at + 1, number) };
}
