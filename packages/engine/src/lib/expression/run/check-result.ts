import type { Json } from '@loopwright/protocol';
import { finite } from '../value/text.ts';
import { JqLimitError } from './budget.ts';

const VALUES_MAX = 1_000_000;
const DEPTH_MAX = 500;

/**
 * Gives a result back as JSON can carry it: NaN as null, infinity as the largest number. Refuses more than a million
 * values, counting shared ones each time, and more than 500 levels.
 */
export function checkResult(result: Json): Json {
  let left = VALUES_MAX;
  let odd = false;
  const visit = (value: Json, depth: number): void => {
    left -= 1;
    if (left < 0) throw new JqLimitError(`the result has more than ${VALUES_MAX} values`);
    if (depth > DEPTH_MAX) throw new JqLimitError(`the result has more than ${DEPTH_MAX} levels`);
    if (typeof value === 'number') odd ||= !Number.isFinite(value);
    if (value === null || typeof value !== 'object') return;
    for (const part of Array.isArray(value) ? value : Object.values(value)) visit(part, depth + 1);
  };
  visit(result, 0);
  return odd ? cleaned(result) : result;
}

function cleaned(value: Json): Json {
  if (typeof value === 'number') return finite(value);
  if (Array.isArray(value)) return value.map(cleaned);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, cleaned(part)]));
}
