import type { Json } from '@loopwright/protocol';
import { Budget } from '../run/budget.ts';
import { JqError } from '../run/jq-error.ts';
import { kindOf } from './kind.ts';
import { isObject } from './object.ts';
import { compare } from './order.ts';

/** `value[key]`: members, items (from the end when negative), slices, and the places of one array in another. */
export function getKey(value: Json, key: Json, budget: Budget = new Budget()): Json {
  if (typeof key === 'string') {
    if (value === null) return null;
    if (isObject(value)) return Object.hasOwn(value, key) ? (value[key] ?? null) : null;
    throw new JqError(`Cannot index ${kindOf(value)} with "${key}"`);
  }
  if (typeof key === 'number' && (value === null || Array.isArray(value))) {
    if (value === null || Number.isNaN(key)) return null;
    const index = Math.floor(key);
    return value[index < 0 ? index + value.length : index] ?? null;
  }
  if (isObject(key) && (value === null || typeof value === 'string' || Array.isArray(value))) {
    // A string is cut by code points, so all of it is gone through.
    if (typeof value === 'string') budget.spend(value.length >>> 3);
    else budget.walk(value);
    return slice(value, key['start'] ?? null, key['end'] ?? null);
  }
  if (Array.isArray(key) && Array.isArray(value)) return placesOf(value, key, budget);
  throw new JqError(`Cannot index ${kindOf(value)} with ${kindOf(key)}`);
}

function placesOf(array: readonly Json[], part: readonly Json[], budget: Budget): number[] {
  if (part.length === 0) return [];
  const isAt = (at: number): boolean =>
    at + part.length <= array.length && part.every((item, index) => compare(item, array[at + index] ?? null, budget) === 0);
  budget.spend(array.length);
  return [...array.keys()].filter(isAt);
}

/** `value[from:to]` of an array, a string (by code points) or `null`. */
function slice(value: Json, from: Json, to: Json): Json {
  if (value === null) return null;
  if (typeof value === 'string') {
    const points = Array.from(value);
    return points.slice(...sliceBounds(points.length, from, to)).join('');
  }
  if (Array.isArray(value)) return value.slice(...sliceBounds(value.length, from, to));
  throw new JqError(`Cannot index ${kindOf(value)} with object`);
}

/** Where a slice begins and ends: `from` is rounded down and `to` up. */
export function sliceBounds(length: number, from: Json, to: Json): [number, number] {
  if ((from !== null && typeof from !== 'number') || (to !== null && typeof to !== 'number')) {
    throw new JqError('Start and end indices of an array slice must be numbers');
  }
  const place = (index: number): number => Math.max(0, Math.min(length, index < 0 ? index + length : index));
  const begin = Math.floor(place(from ?? 0));
  return [begin, Math.max(begin, Math.ceil(place(to ?? length)))];
}
