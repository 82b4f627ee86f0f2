import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import * as guestAssert from './assert.ts';
import { deepEqual } from './deep-equal.ts';

describe('deepEqual()', () => {
  it('says what isDeepStrictEqual of Node says', () => {
    const value = fc.anything({ withDate: true, withMap: true, withSet: true, withNullPrototype: true, maxDepth: 3, maxKeys: 3 });
    fc.assert(
      fc.property(value, value, (left, right) => {
        assert.equal(deepEqual(left, right), isDeepStrictEqual(left, right));
        assert.equal(deepEqual(left, structuredCloneOr(left)), isDeepStrictEqual(left, structuredCloneOr(left)));
      }),
      { numRuns: 300 },
    );
    const [one, two]: { self?: unknown }[] = [{}, {}];
    Object.assign(one ?? {}, { self: one });
    Object.assign(two ?? {}, { self: two });
    assert.equal(deepEqual(one, two), true);
    const holed: number[] = [1];
    holed[2] = 3;
    assert.equal(deepEqual(holed, [1, undefined, 3]), isDeepStrictEqual(holed, [1, undefined, 3]));
    assert.equal(deepEqual(/a/g, /a/i), false);
  });
});

describe('the assertions of the sandbox', () => {
  it('pass and fail as those of Node do', async () => {
    const cases: ((check: typeof assert) => unknown)[] = [
      (check) => check(1),
      (check) => check(0),
      (check) => check.equal(Number.NaN, Number.NaN),
      (check) => check.equal('1', 1),
      (check) => check.notEqual(1, 2),
      (check) => check.deepEqual([new Map([[1, { a: 1 }]])], [new Map([[1, { a: 1 }]])]),
      (check) => check.notDeepEqual({ a: 1 }, { a: 1 }),
      (check) => check.match('abc', /b/),
      (check) => check.match('abc', /d/),
      (check) => check.doesNotMatch('abc', /d/),
      (check) => check.ifError(null),
      (check) => check.ifError(new Error('x')),
      (check) => check.fail('no'),
      (check) => check.throws(() => undefined),
      (check) => check.throws(fails, /boom/),
      (check) => check.throws(fails, /other/),
      (check) => check.throws(fails, TypeError),
      (check) => check.throws(fails, RangeError),
      (check) => check.throws(fails, { name: 'TypeError', message: /boom/ }),
      (check) => check.throws(fails, { message: 'other' }),
      (check) => check.throws(fails, (error: Error) => error.message === 'boom'),
      (check) => check.throws(fails, (error: Error) => error.message === 'x'),
      (check) => check.rejects(async () => fails(), /boom/),
      (check) => check.rejects(async () => 1),
      (check) => check.doesNotReject(async () => 1),
    ];
    const passes = async (run: () => unknown): Promise<boolean> => {
      try {
        await run();
        return true;
      } catch {
        return false;
      }
    };
    for (const [index, single] of cases.entries()) {
      const ours = await passes(() => single(guestAssert.strict as unknown as typeof assert));
      assert.equal(ours, await passes(() => single(assert)), `case ${index}`);
    }
  });
});

function fails(): never {
  throw new TypeError('boom');
}

function structuredCloneOr(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return value;
  }
}
