import type { Json, JsonObject, MismatchKind } from '@loopwright/protocol';
import { compareOutputs } from './compare.ts';

/** What is wrong first in an output, and where (JSON pointer). */
export interface Mismatch {
  readonly kind: MismatchKind;
  readonly pointer: string;
}

const EXACT = { method: 'exact', threshold: 1, fields: {} } as const;

/** Finds the first thing in which an output is not the right one, down to the member. Both differ. */
export function mismatchOf(given: Json, right: Json, pointer = ''): Mismatch {
  if (kindOf(given) !== kindOf(right)) return { kind: 'type_mismatch', pointer };
  if (Array.isArray(given) && Array.isArray(right)) {
    if (given.length !== right.length) return { kind: 'array_length_mismatch', pointer };
    const index = right.findIndex((item, at) => !isSame(given[at] ?? null, item));
    return index < 0
      ? { kind: 'value_mismatch', pointer }
      : mismatchOf(given[index] ?? null, right[index] ?? null, `${pointer}/${index}`);
  }
  if (!isObject(given) || !isObject(right)) return { kind: 'value_mismatch', pointer };
  for (const [name, item] of Object.entries(right)) {
    const below = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const own = Object.hasOwn(given, name) ? given[name] : undefined;
    if (own === undefined) return { kind: 'missing_property', pointer: below };
    if (!isSame(own, item)) return mismatchOf(own, item, below);
  }
  // It has what the right one has not.
  return { kind: 'value_mismatch', pointer };
}

function isSame(given: Json, right: Json): boolean {
  return compareOutputs(given, right, EXACT).match;
}

function isObject(value: Json): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function kindOf(value: Json): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}
