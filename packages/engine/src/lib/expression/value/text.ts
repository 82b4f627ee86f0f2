import type { Json } from '@loopwright/protocol';
import type { Budget } from '../run/budget.ts';

const NUMBER_MAX = Number.MAX_VALUE;

/**
 * JSON text; NaN is written as `null` and infinity as the largest number. The value is measured first, and what is
 * shared in it counts each time: a small program can make a value whose text would not fit into any memory.
 */
export function toText(value: Json, budget: Budget): string {
  let length = 0;
  const measure = (part: Json): void => {
    budget.spend(1);
    length += typeof part === 'string' ? part.length + 2 : 1;
    budget.fits(length);
    if (part === null || typeof part !== 'object') return;
    if (Array.isArray(part)) return part.forEach(measure);
    for (const [key, member] of Object.entries(part)) {
      length += key.length + 3;
      measure(member);
    }
  };
  measure(value);
  const text = textOf(value);
  budget.string(text.length);
  return text;
}

/** The beginning of the JSON text of a value, for messages. */
export function beginningOf(value: Json, characters: number): string {
  const pieces: string[] = [];
  let left = characters;
  const write = (piece: string): boolean => {
    pieces.push(piece);
    left -= piece.length;
    return left > 0;
  };
  const visit = (part: Json): boolean => {
    if (typeof part === 'string') return write(textOf(part.slice(0, Math.max(0, left))));
    if (part === null || typeof part !== 'object') return write(textOf(part));
    const isArray = Array.isArray(part);
    const members: [string, Json][] = isArray ? part.map((item) => ['', item]) : Object.entries(part);
    if (!write(isArray ? '[' : '{')) return false;
    for (const [index, [key, member]] of members.entries()) {
      if (index > 0 && !write(',')) return false;
      if ((!isArray && !write(`${textOf(key)}:`)) || !visit(member)) return false;
    }
    return write(isArray ? ']' : '}');
  };
  const isWhole = visit(value);
  const text = pieces.join('');
  return isWhole && text.length <= characters ? text : `${text.slice(0, characters - 1)}...`;
}

function textOf(value: Json): string {
  if (typeof value === 'number') return JSON.stringify(finite(value));
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'number' && !Number.isFinite(part) ? finite(part) : part));
}

/** A number as JSON can carry it. */
export function finite(value: number): number | null {
  if (Number.isNaN(value)) return null;
  return Math.max(-NUMBER_MAX, Math.min(NUMBER_MAX, value));
}
