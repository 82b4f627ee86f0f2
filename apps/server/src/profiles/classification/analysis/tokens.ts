import type { Json } from '@loopwright/protocol';

/** Characters of a text that are looked at. */
const TEXT_CHARACTERS = 8192;

const TOKEN =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]|[\p{L}\p{M}]+|\p{N}+|[^\s\p{L}\p{M}\p{N}]/gu;

/** The words of a text, small and with "0" for every number; in scripts that put no spaces, its characters. */
export function tokensOf(text: string): string[] {
  const tokens = text.slice(0, TEXT_CHARACTERS).toLowerCase().match(TOKEN) ?? [];
  return tokens.map((token) => (/^\p{N}/u.test(token) ? '0' : token));
}

/** The text of an input that is one: a string, or a record with one member that is a string. */
export function textOf(input: Json): string | undefined {
  if (typeof input === 'string') return input;
  if (input === null || typeof input !== 'object' || Array.isArray(input)) return undefined;
  const [value, ...more] = Object.values(input);
  return more.length === 0 && typeof value === 'string' ? value : undefined;
}
