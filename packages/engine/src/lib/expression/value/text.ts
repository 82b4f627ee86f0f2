import type { Json } from '@loopwright/protocol';

const NUMBER_MAX = Number.MAX_VALUE;

/** JSON text; NaN is written as `null` and infinity as the largest number. */
export function toText(value: Json): string {
  if (typeof value === 'number') return numberText(value);
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'number' && !Number.isFinite(part) ? finite(part) : part));
}

function numberText(value: number): string {
  const part = finite(value);
  return part === null ? 'null' : JSON.stringify(part);
}

/** A number as JSON can carry it. */
export function finite(value: number): number | null {
  if (Number.isNaN(value)) return null;
  return Math.max(-NUMBER_MAX, Math.min(NUMBER_MAX, value));
}
