import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Digits that 32 bytes take to the base of 62. */
export const SECRET_CHARACTERS = 43;

/** 256 random bits as text. Always from the cryptographic source of the machine: a `Random` with a seed must never make a secret. */
export function newSecret(): string {
  return base62(32, SECRET_CHARACTERS);
}

/** A short random name in the same alphabet: 8 characters, no secret. */
export function newShortId(): string {
  return base62(16, 22).slice(-8);
}

function base62(bytes: number, characters: number): string {
  let rest = BigInt(`0x${randomBytes(bytes).toString('hex')}`);
  let text = '';
  while (text.length < characters) {
    text = (DIGITS[Number(rest % 62n)] ?? '') + text;
    rest /= 62n;
  }
  return text;
}

/**
 * What is stored of a secret, in hex. A fast hash is right here: the secret has 256 random bits, so that there is nothing to guess that a slow one
 * would protect, and every request pays for it.
 */
export function secretDigest(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Whether a secret has the stored digest, in a time that does not tell how much of it is right. */
export function matchesDigest(secret: string, digest: string): boolean {
  return sameText(secretDigest(secret), digest);
}

/** Whether two texts are the same, in a time that depends on nothing but the length of the first. */
export function sameText(left: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}
