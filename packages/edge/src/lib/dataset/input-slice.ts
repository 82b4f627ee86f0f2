import type { Json } from '@loopwright/protocol';

/** The kinds of inputs that figures are kept for (the source's strata, `reference/domain.md` §3.5). */
export const INPUT_SLICES = ['empty', 'simple', 'moderate', 'complex'] as const;
export type InputSlice = (typeof INPUT_SLICES)[number];

/** Characters of JSON up to which an input is simple, and moderate. */
const SIMPLE_CHARACTERS = 200;
const MODERATE_CHARACTERS = 2000;

/** The kind of an input: `empty` when nothing in it has a value, else by the characters of its JSON. */
export function sliceOf(input: Json, inputJson: string): InputSlice {
  if (inputJson.length <= SIMPLE_CHARACTERS) return isEmpty(input) ? 'empty' : 'simple';
  return inputJson.length <= MODERATE_CHARACTERS ? 'moderate' : 'complex';
}

function isEmpty(value: Json): boolean {
  if (value === null) return true;
  if (typeof value === 'string') return value.trim() === '';
  if (typeof value !== 'object') return false;
  return Object.values(value).every(isEmpty);
}
