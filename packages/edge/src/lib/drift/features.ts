import type { Json } from '@loopwright/protocol';
import { wordsOf } from '../sampling/input-words.ts';

/** How much of a record is looked at. */
const DEPTH = 4;
const CHARACTERS = 2000;

/** One value in a record and where it stands. */
export interface Leaf {
  /** `input`, `input.text`, `output.label`. A list has one leaf, its length. */
  readonly path: string;
  readonly kind: 'number' | 'string' | 'boolean' | 'null' | 'list' | 'object';
  readonly value: string | number;
}

/** The values of a record, at most `limit`; what lies deeper than four objects is one value. */
export function leavesOf(root: Json, name: string, limit: number): Leaf[] {
  const leaves: Leaf[] = [];
  const walk = (value: Json, path: string, depth: number): void => {
    if (leaves.length >= limit) return;
    if (typeof value === 'number') leaves.push({ path, kind: 'number', value });
    else if (typeof value === 'string') leaves.push({ path, kind: 'string', value });
    else if (typeof value === 'boolean') leaves.push({ path, kind: 'boolean', value: String(value) });
    else if (value === null) leaves.push({ path, kind: 'null', value: 'null' });
    else if (Array.isArray(value)) leaves.push({ path, kind: 'list', value: value.length });
    else if (depth >= DEPTH) leaves.push({ path, kind: 'object', value: Object.keys(value).length });
    else
      for (const key in value) {
        if (leaves.length >= limit) return;
        if (Object.hasOwn(value, key)) walk(value[key] ?? null, `${path}.${key.slice(0, 100)}`, depth + 1);
      }
  };
  walk(root, name, 0);
  return leaves;
}

/** What is measured of a text. The shares are of its characters; `word` is one word of it, by the bucket of its hash. */
export interface TextProfile {
  readonly length: number;
  readonly capitals: number;
  readonly digits: number;
  readonly marks: number;
  readonly foreign: number;
  readonly words: readonly number[];
}

/** Measures a text, at most its first 2,000 characters (its length wholly). */
export function profileText(text: string): TextProfile {
  const part = text.length > CHARACTERS ? text.slice(0, CHARACTERS) : text;
  let [capitals, digits, marks, foreign] = [0, 0, 0, 0];
  for (let index = 0; index < part.length; index += 1) {
    const code = part.charCodeAt(index);
    if (code >= 128) foreign += 1;
    else if (code >= 65 && code <= 90) capitals += 1;
    else if (code >= 48 && code <= 57) digits += 1;
    else if (code > 32 && !(code >= 97 && code <= 122)) marks += 1;
  }
  const share = (characters: number): number => (part.length === 0 ? 0 : characters / part.length);
  return {
    length: text.length,
    capitals: share(capitals),
    digits: share(digits),
    marks: share(marks),
    foreign: share(foreign),
    words: wordsOf(part),
  };
}
