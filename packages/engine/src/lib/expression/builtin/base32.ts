const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const BITS = 5;

/** RFC 4648 base 32 of the UTF-8 bytes of a text. */
export function toBase32(text: string): string {
  const bits = Array.from(Buffer.from(text), (byte) => byte.toString(2).padStart(8, '0')).join('');
  const signs = bits.match(/.{1,5}/g) ?? [];
  const letters = signs.map((sign) => ALPHABET[Number.parseInt(sign.padEnd(BITS, '0'), 2)]).join('');
  return letters.padEnd(Math.ceil(letters.length / 8) * 8, '=');
}

/** The text whose base 32 this is, or `undefined`. */
export function fromBase32(encoded: string): string | undefined {
  const letters = encoded.replace(/=+$/, '');
  if (!/^[A-Z2-7]*$/.test(letters)) return undefined;
  const bits = Array.from(letters, (letter) => ALPHABET.indexOf(letter).toString(2).padStart(BITS, '0')).join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2))).toString();
}
