import type { Json, JsonObject } from '@loopwright/protocol';
import type { Budget } from '../run/budget.ts';
import { JqError } from '../run/jq-error.ts';
import type { ArithmeticOperator, ComparisonOperator } from '../syntax/node.ts';
import { preview } from './kind.ts';
import { isObject, setMember } from './object.ts';
import { compare } from './order.ts';

/** `left operator right`. */
export function calculate(operator: ArithmeticOperator | ComparisonOperator, left: Json, right: Json, budget: Budget): Json {
  switch (operator) {
    case '+':
      return add(left, right, budget);
    case '-':
      return subtract(left, right, budget);
    case '*':
      return multiply(left, right, budget);
    case '/':
      return divide(left, right, budget);
    case '%':
      return remainder(left, right);
    case '==':
      return compare(left, right, budget) === 0;
    case '!=':
      return compare(left, right, budget) !== 0;
    case '<':
      return compare(left, right, budget) < 0;
    case '<=':
      return compare(left, right, budget) <= 0;
    case '>':
      return compare(left, right, budget) > 0;
    case '>=':
      return compare(left, right, budget) >= 0;
  }
}

function refuse(left: Json, right: Json, what: string): never {
  throw new JqError(`${preview(left)} and ${preview(right)} cannot be ${what}`);
}

function add(left: Json, right: Json, budget: Budget): Json {
  if (left === null) return right;
  if (right === null) return left;
  if (typeof left === 'number' && typeof right === 'number') return left + right;
  if (typeof left === 'string' && typeof right === 'string') {
    budget.string(left.length + right.length);
    return left + right;
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    budget.spend(left.length + right.length);
    return [...left, ...right];
  }
  if (!isObject(left) || !isObject(right)) return refuse(left, right, 'added');
  const sum = { ...left, ...right };
  budget.spend(Object.keys(sum).length);
  return sum;
}

function subtract(left: Json, right: Json, budget: Budget): Json {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (!Array.isArray(left) || !Array.isArray(right)) return refuse(left, right, 'subtracted');
  budget.spend(left.length * right.length);
  return left.filter((item) => !right.some((other) => compare(item, other, budget) === 0));
}

function multiply(left: Json, right: Json, budget: Budget): Json {
  if (typeof left === 'number' && typeof right === 'number') return left * right;
  if (typeof left === 'string' && typeof right === 'number') return repeat(left, right, budget);
  if (typeof left === 'number' && typeof right === 'string') return repeat(right, left, budget);
  if (!isObject(left) || !isObject(right)) return refuse(left, right, 'multiplied');
  return merge(left, right, budget);
}

function repeat(text: string, times: number, budget: Budget): Json {
  if (!(times > 0)) return null;
  const count = Math.max(1, Math.trunc(times));
  budget.string(text.length * count);
  return text.repeat(count);
}

function merge(left: JsonObject, right: JsonObject, budget: Budget): JsonObject {
  const result = { ...left };
  for (const [key, value] of Object.entries(right)) {
    budget.spend(1);
    const here = Object.hasOwn(result, key) ? result[key] : undefined;
    setMember(result, key, isObject(here) && isObject(value) ? merge(here, value, budget) : value);
  }
  return result;
}

function divide(left: Json, right: Json, budget: Budget): Json {
  if (typeof left === 'string' && typeof right === 'string') return splitText(left, right, budget);
  if (typeof left !== 'number' || typeof right !== 'number') return refuse(left, right, 'divided');
  if (right === 0) return refuse(left, right, 'divided because the divisor is zero');
  return left / right;
}

/** The parts of a text between separators; an empty text has none. */
export function splitText(text: string, separator: string, budget: Budget): string[] {
  if (text === '') return [];
  const parts = separator === '' ? Array.from(text) : text.split(separator);
  budget.spend(parts.length);
  return parts;
}

/** Both are cut to whole numbers first; the sign is the left one's. */
function remainder(left: Json, right: Json): Json {
  if (typeof left !== 'number' || typeof right !== 'number') return refuse(left, right, 'divided');
  if (Number.isNaN(left) || Number.isNaN(right)) return Number.NaN;
  const divisor = Math.trunc(right);
  if (divisor === 0) return refuse(left, right, 'divided because the divisor is zero');
  return (Math.trunc(left) % divisor) + 0;
}
