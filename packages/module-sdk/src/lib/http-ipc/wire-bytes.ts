import type { WireBytes } from '@loopwright/protocol';

/** Bytes as a peer of a version reads them: an array of numbers up to version 1, base64 from version 2. */
export function encodeBytes(bytes: Uint8Array, version: number): string | number[] {
  return version < 2 ? [...bytes] : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** The bytes of a message; `undefined` when it is no proper base64. */
export function decodeBytes(written: WireBytes): Buffer | undefined {
  if (typeof written !== 'string') return Buffer.from(written);
  const padding = written.endsWith('==') ? 2 : written.endsWith('=') ? 1 : 0;
  const bytes = Buffer.from(written, 'base64');
  // Node drops what is no base64 without a word: then there are fewer bytes than there should be.
  return written.length % 4 === 0 && bytes.length === (written.length / 4) * 3 - padding ? bytes : undefined;
}
