import type { Json, JsonObject } from '@loopwright/protocol';
import type { Budget } from '../run/budget.ts';
import { kindOf } from './kind.ts';

const RANKS = { null: 0, boolean: 1, number: 3, string: 4, array: 5, object: 6 } as const;

/** jq's order of all values: null, false, true, numbers, strings by code point, arrays, objects by their keys and then their values. */
export function compare(left: Json, right: Json, budget: Budget): number {
  if (typeof left === 'string' && typeof right === 'string') {
    budget.spend(Math.min(left.length, right.length) >>> 6);
    return left === right ? 0 : compareText(left, right);
  }
  if (left === right) return 0;
  const rank = rankOf(left);
  const difference = rank - rankOf(right);
  if (difference !== 0) return difference;
  if (typeof left === 'number' && typeof right === 'number')
    return left < right || Number.isNaN(left) ? -1 : left === right ? 0 : 1;
  budget.spend(1);
  if (Array.isArray(left) && Array.isArray(right)) return compareArrays(left, right, budget);
  return compareObjects(left as JsonObject, right as JsonObject, budget);
}

function rankOf(value: Json): number {
  return value === true ? 2 : RANKS[kindOf(value)];
}

function compareArrays(left: readonly Json[], right: readonly Json[], budget: Budget): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const order = compare(left[index] ?? null, right[index] ?? null, budget);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function compareObjects(left: JsonObject, right: JsonObject, budget: Budget): number {
  const leftKeys = sortedKeys(left);
  const order = compareArrays(leftKeys, sortedKeys(right), budget);
  if (order !== 0) return order;
  for (const key of leftKeys) {
    const members = compare(left[key] ?? null, right[key] ?? null, budget);
    if (members !== 0) return members;
  }
  return 0;
}

/** An object's keys in jq's order. */
export function sortedKeys(object: JsonObject): string[] {
  return Object.keys(object).sort(compareText);
}

/** By code points: JavaScript's own order differs where surrogates meet the characters above them. */
function compareText(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a !== b) return lift(a) - lift(b);
  }
  return left.length - right.length;
}

/** Surrogates stand for characters above U+FFFF, so they come last. */
function lift(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
