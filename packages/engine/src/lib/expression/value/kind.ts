import type { Json } from '@loopwright/protocol';
import { beginningOf } from './text.ts';

export type Kind = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object';

/** The name of a value's type, as `type` gives it. */
export function kindOf(value: Json): Kind {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  const kind = typeof value;
  return kind === 'boolean' || kind === 'number' || kind === 'string' ? kind : 'object';
}

/** A value in an error message: its type and the beginning of its text. */
export function preview(value: Json): string {
  return `${kindOf(value)} (${beginningOf(value, 11)})`;
}
