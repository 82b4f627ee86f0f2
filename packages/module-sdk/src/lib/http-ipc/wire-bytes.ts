import type { WireBytes } from '@loopwright/protocol';

/** Bytes as version 2 writes them. */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** The bytes of a message; `undefined` when it is no proper base64. */
export function decodeBytes(written: WireBytes): Buffer | undefined {
  if (typeof written !== 'string') return Buffer.from(written);
  const padding = written.endsWith('==') ? 2 : written.endsWith('=') ? 1 : 0;
  const bytes = Buffer.from(written, 'base64');
  // Node drops what is no base64 without a word: then there are fewer bytes than there should be.
  return written.length % 4 === 0 && bytes.length === (written.length / 4) * 3 - padding ? bytes : undefined;
}
