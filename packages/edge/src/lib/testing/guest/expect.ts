// Runs in the sandbox in the place of `expect` of Jest and Vitest, for the matchers that tests of functions use.
import { AssertionError, made, show } from './assert.ts';
import { deepEqual, equalContent } from './deep-equal.ts';

type Matcher = (actual: never, ...expected: never[]) => boolean;

const MATCHERS: Readonly<Record<string, Matcher>> = {
  toBe: (actual: unknown, expected: unknown) => Object.is(actual, expected),
  toEqual: (actual: unknown, expected: unknown) => equalContent(actual, expected),
  toStrictEqual: (actual: unknown, expected: unknown) => deepEqual(actual, expected),
  toBeTruthy: (actual: unknown) => Boolean(actual),
  toBeFalsy: (actual: unknown) => !actual,
  toBeNull: (actual: unknown) => actual === null,
  toBeUndefined: (actual: unknown) => actual === undefined,
  toBeDefined: (actual: unknown) => actual !== undefined,
  toBeNaN: (actual: unknown) => Number.isNaN(actual),
  toBeInstanceOf: (actual: unknown, expected: new () => object) => actual instanceof expected,
  toBeTypeOf: (actual: unknown, expected: string) => typeof actual === expected,
  toBeGreaterThan: (actual: number, expected: number) => actual > expected,
  toBeGreaterThanOrEqual: (actual: number, expected: number) => actual >= expected,
  toBeLessThan: (actual: number, expected: number) => actual < expected,
  toBeLessThanOrEqual: (actual: number, expected: number) => actual <= expected,
  toBeCloseTo: (actual: number, expected: number, digits = 2) =>
    Object.is(actual, expected) || Math.abs(actual - expected) < 10 ** -digits / 2,
  toHaveLength: (actual: { readonly length: number }, expected: number) => actual.length === expected,
  toHaveProperty: (actual: object, key: string, ...value: unknown[]) =>
    key in actual && (value.length === 0 || equalContent(Reflect.get(actual, key), value[0])),
  toContain: (actual: string | Iterable<unknown>, expected: unknown) =>
    typeof actual === 'string' ? actual.includes(String(expected)) : [...actual].some((item) => Object.is(item, expected)),
  toContainEqual: (actual: Iterable<unknown>, expected: unknown) => [...actual].some((item) => equalContent(item, expected)),
  toMatch: (actual: string, expected: string | RegExp) =>
    typeof expected === 'string' ? actual.includes(expected) : expected.test(actual),
  toThrow: throwsAs,
  toThrowError: throwsAs,
};

/** What a function throws; a value that a promise was rejected with counts as thrown. */
function throwsAs(actual: unknown, expected?: unknown): boolean {
  let thrown = actual;
  if (typeof actual === 'function') {
    try {
      actual();
      return false;
    } catch (error) {
      thrown = error;
    }
  } else if (!(actual instanceof Error)) return false;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (expected === undefined) return true;
  if (typeof expected === 'string') return message.includes(expected);
  if (expected instanceof RegExp) return expected.test(message);
  if (typeof expected === 'function') return thrown instanceof expected;
  return expected instanceof Error && message === expected.message;
}

type Matchers = Record<string, unknown>;

function matchersOf(actual: unknown, isNot: boolean): Matchers {
  const checks = Object.entries(MATCHERS).map(([name, matches]) => [
    name,
    (...expected: never[]): void => {
      made.count += 1;
      if (matches(actual as never, ...expected) !== isNot) return;
      throw new AssertionError(`${show(actual)}: ${isNot ? 'not.' : ''}${name}(${expected.map(show).join(', ')}) does not hold`);
    },
  ]);
  return Object.fromEntries(checks) as Matchers;
}

/** The matchers of what a promise comes to. */
function laterOf(settle: () => Promise<unknown>): Matchers {
  const names = Object.keys(MATCHERS);
  const of = (isNot: boolean): Matchers =>
    Object.fromEntries(
      names.map((name) => [
        name,
        async (...expected: never[]): Promise<void> => {
          const check = matchersOf(await settle(), isNot)[name] as (...rest: never[]) => void;
          check(...expected);
        },
      ]),
    );
  return { ...of(false), not: of(true) };
}

/** `expect(value)`, with `not`, `resolves` and `rejects`. */
export function expect(actual: unknown): Matchers {
  const settled = async (): Promise<unknown> => (typeof actual === 'function' ? actual() : actual) as unknown;
  const rejected = (): Promise<unknown> =>
    settled().then(
      (value) => {
        made.count += 1;
        throw new AssertionError(`the promise was not rejected, it came to ${show(value)}`);
      },
      (error: unknown) => error,
    );
  return { ...matchersOf(actual, false), not: matchersOf(actual, true), resolves: laterOf(settled), rejects: laterOf(rejected) };
}
