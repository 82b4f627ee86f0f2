// Runs in the sandbox in the place of `node:assert` and `node:assert/strict`. What stands here is frozen before anything else runs.
import { deepEqual as equalValues, looseDeepEqual } from './deep-equal.ts';

/** How many assertions were made. */
export const made: { count: number } = { count: 0 };

type Message = string | Error | undefined;
type Expected = RegExp | ((error: never) => unknown) | (new (...rest: never[]) => object) | object | undefined;

/** What a failed assertion throws. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
  readonly code = 'ERR_ASSERTION';
}

/** Throws when a value is not true. */
export function ok(value: unknown, message?: Message): void {
  check(Boolean(value), message, () => `${show(value)} is not true`);
}
/** Throws when two values are not the same. */
export function strictEqual(actual: unknown, expected: unknown, message?: Message): void {
  check(Object.is(actual, expected), message, () => `${show(actual)} is not ${show(expected)}`);
}
/** Throws when two values are the same. */
export function notStrictEqual(actual: unknown, expected: unknown, message?: Message): void {
  check(!Object.is(actual, expected), message, () => `${show(actual)} must be something else`);
}
/** Throws when two values differ in their contents. */
export function deepStrictEqual(actual: unknown, expected: unknown, message?: Message): void {
  check(equalValues(actual, expected), message, () => `${show(actual)} is not equal to ${show(expected)}`);
}
/** Throws when two values have the same content. */
export function notDeepStrictEqual(actual: unknown, expected: unknown, message?: Message): void {
  check(!equalValues(actual, expected), message, () => `${show(actual)} must be something else`);
}
/** Throws when a text does not match. */
export function match(text: string, pattern: RegExp, message?: Message): void {
  check(typeof text === 'string' && pattern.test(text), message, () => `${show(text)} does not match ${String(pattern)}`);
}
/** Throws when a text matches. */
export function doesNotMatch(text: string, pattern: RegExp, message?: Message): void {
  check(typeof text !== 'string' || !pattern.test(text), message, () => `${show(text)} matches ${String(pattern)}`);
}
/** Throws. */
export function fail(message?: Message): never {
  made.count += 1;
  throw message instanceof Error ? message : new AssertionError(message ?? 'Failed');
}
/** Throws what is given, unless it is nothing. */
export function ifError(value: unknown): void {
  check(value === null || value === undefined, undefined, () => `an error came: ${show(value)}`);
}
/** Throws when a function throws nothing, or something else than is expected. */
export function throws(run: () => unknown, expected?: Expected | string, message?: Message): void {
  let error: unknown;
  try {
    run();
  } catch (thrown) {
    error = thrown;
    expectError(error, expected, message);
    return;
  }
  made.count += 1;
  throw new AssertionError('nothing was thrown');
}
/** Throws when a function throws. */
export function doesNotThrow(run: () => unknown): void {
  made.count += 1;
  run();
}
/** Rejects when a promise does not, or with something else than is expected. */
export async function rejects(
  work: Promise<unknown> | (() => Promise<unknown>),
  expected?: Expected | string,
  message?: Message,
): Promise<void> {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (error) {
    expectError(error, expected, message);
    return;
  }
  made.count += 1;
  throw new AssertionError('nothing was rejected');
}
/** Rejects when a promise does. */
export async function doesNotReject(work: Promise<unknown> | (() => Promise<unknown>)): Promise<void> {
  made.count += 1;
  await (typeof work === 'function' ? work() : work);
}

/** Throws when two values are not `==`. */
function looseEqual(actual: unknown, expected: unknown, message?: Message): void {
  check(isLooselyEqual(actual, expected), message, () => `${show(actual)} is not ${show(expected)}`);
}
/** Throws when two values are `==`. */
function looseNotEqual(actual: unknown, expected: unknown, message?: Message): void {
  check(!isLooselyEqual(actual, expected), message, () => `${show(actual)} must be something else`);
}
/** Throws when two values differ in their contents, as `==` sees them. */
function legacyDeepEqual(actual: unknown, expected: unknown, message?: Message): void {
  check(looseDeepEqual(actual, expected), message, () => `${show(actual)} is not equal to ${show(expected)}`);
}
/** Throws when two values have the same content, as `==` sees it. */
function legacyNotDeepEqual(actual: unknown, expected: unknown, message?: Message): void {
  check(!looseDeepEqual(actual, expected), message, () => `${show(actual)} must be something else`);
}

function isLooselyEqual(actual: unknown, expected: unknown): boolean {
  return actual == expected || (Number.isNaN(actual) && Number.isNaN(expected));
}

function check(isRight: boolean, message: Message, describe: () => string): void {
  made.count += 1;
  if (isRight) return;
  throw message instanceof Error ? message : new AssertionError(message ?? describe());
}

function expectError(error: unknown, expected: Expected | string, message: Message): void {
  made.count += 1;
  if (expected === undefined || typeof expected === 'string') return;
  check(isExpected(error, expected), message, () => `another error was thrown: ${show(error)}`);
}

function isExpected(error: unknown, expected: Exclude<Expected, undefined>): boolean {
  if (expected instanceof RegExp) return expected.test(String(error));
  if (typeof expected === 'function') {
    if (expected.prototype !== undefined && error instanceof expected) return true;
    if (expected === Error || Error.isPrototypeOf(expected)) return false;
    return (expected as (error: unknown) => unknown)(error) === true;
  }
  return Object.entries(expected).every(([key, value]) => {
    const found: unknown = Object(error)[key];
    return value instanceof RegExp && typeof found === 'string' ? value.test(found) : equalValues(found, value);
  });
}

/** A value as it stands in the message of an assertion. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 200));
  if (value instanceof Error) return `${value.name}: ${value.message}`.slice(0, 300);
  try {
    return (JSON.stringify(value) ?? String(value)).slice(0, 300);
  } catch {
    return 'a value that cannot be shown';
  }
}

const common = {
  AssertionError,
  deepStrictEqual,
  doesNotMatch,
  doesNotReject,
  doesNotThrow,
  fail,
  ifError,
  match,
  notDeepStrictEqual,
  notStrictEqual,
  ok,
  rejects,
  strictEqual,
  throws,
};
const strictOnes = {
  equal: strictEqual,
  notEqual: notStrictEqual,
  deepEqual: deepStrictEqual,
  notDeepEqual: notDeepStrictEqual,
};
const legacyOnes = {
  equal: looseEqual,
  notEqual: looseNotEqual,
  deepEqual: legacyDeepEqual,
  notDeepEqual: legacyNotDeepEqual,
};
type Assert = ((value: unknown, message?: Message) => void) & typeof common & typeof strictOnes;

const itself = (value: unknown, message?: Message): void => ok(value, message);
/** `node:assert/strict`. */
export const strict: Assert & { readonly strict: unknown } = Object.assign(itself, common, strictOnes, { strict: itself });
Object.freeze(strict);
/** `node:assert`: loose where Node is. */
export const legacy: Assert & { readonly strict: typeof strict } = Object.freeze(
  Object.assign((value: unknown, message?: Message): void => ok(value, message), common, legacyOnes, { strict }),
);
