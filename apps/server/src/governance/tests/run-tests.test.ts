import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { type Sandbox, noJail, openSandbox } from '@loopwright/edge';
import { systemClock, systemRandom } from '@loopwright/protocol';
import fc from 'fast-check';
import { surveyHere } from '../survey/survey-fixture.ts';
import * as guestAssert from './guest/assert.ts';
import { deepEqual } from './guest/deep-equal.ts';
import { runTests } from './run-tests.ts';
import { TestSandbox } from './test-sandbox.ts';
import type { TestRun } from './test-run.ts';

const sandbox = new TestSandbox((): Promise<Sandbox> =>
  openSandbox({ clock: systemClock, jail: noJail, workers: 1, timeoutMs: 1500, memoryLimitMb: 64 }),
);
after(() => sandbox[Symbol.asyncDispose]());

async function runFiles(files: Record<string, string>): Promise<TestRun> {
  return runTests((await surveyHere(files)).files, { sandbox: sandbox.get, random: systemRandom });
}

/** File → test → what became of it. */
function outcomes({ results }: TestRun): Record<string, Record<string, string>> {
  const all: Record<string, Record<string, string>> = {};
  for (const { file, name, status, message } of results)
    (all[file] ??= {})[name] = message === null ? status : `${status}: ${message}`;
  return all;
}

describe('runTests()', () => {
  it('runs what is written for node:test, with what it imports, each file for itself, and counts statements over all of them', async () => {
    const ran = await runFiles({
      'development/sum.ts': `export function sum(a: number, b: number): number { if (a > 100) { return 0; } return a + b; }
export function never(): number { return 1; }`,
      'development/data.json': '{ "two": 2 }',
      'development/sum.test.ts': `import assert from 'node:assert/strict';
import { describe, it, before, beforeEach, test } from 'node:test';
import { sum } from './sum.js';
import data from './data.json' with { type: 'json' };
let made = 0;
describe('sum', () => {
  before(() => { made = 1; });
  beforeEach(async () => { await null; made += 1; });
  it('adds', () => assert.equal(sum(1, data.two), 3));
  it('is asynchronous', async () => { for (let i = 0; i < 100; i += 1) await null; assert.equal(made, 3); });
  it('fails', () => { assert.deepEqual({ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] }); });
  it.skip('is left out', () => { throw new Error('no'); });
  it('throws what it should', () => assert.throws(() => { throw new TypeError('Cannot read it'); }, TypeError));
});
test('outer', async (t) => { await t.test('inner', () => { assert.ok(true); }); });`,
      'development/large.test.js': `import assert from 'node:assert';
import test from 'node:test';
import { sum } from './sum.ts';
test('large', () => { assert.strictEqual(sum(101, 1), 0); });`,
    });
    const results = outcomes(ran);
    assert.deepEqual(results['development/large.test.js'], { large: 'passed' });
    assert.deepEqual(Object.keys(results['development/sum.test.ts'] ?? {}), [
      'sum > adds',
      'sum > is asynchronous',
      'sum > fails',
      'sum > is left out',
      'sum > throws what it should',
      'outer',
      'outer > inner',
    ]);
    assert.match(results['development/sum.test.ts']?.['sum > fails'] ?? '', /failed: AssertionError: .* is not equal to/);
    assert.equal(results['development/sum.test.ts']?.['sum > is left out'], 'skipped');
    assert.equal(ran.results.filter(({ status }) => status === 'passed').length, 6);
    assert.deepEqual(ran.notRun, []);
    // Three of the four statements of sum.ts: the two files reach different ones.
    assert.deepEqual(
      [...ran.ran.values()].map(({ size }) => size),
      [3],
    );
  });

  it('fails what does not end, does not load, does not parse or changes what runs it, and names what needs more than the sandbox has', async () => {
    const ran = await runFiles({
      'a-loop.test.js': `import test from 'node:test'; test('loops', () => { for (;;); });`,
      'b-load.test.js': `import test from 'node:test'; throw new Error('broken at once');`,
      'c-parse.test.js': `import test from 'node:test'; test('x', () => {`,
      'd-files.test.js': `import { readFileSync } from 'node:fs'; import test from 'node:test'; test('reads', () => readFileSync('/etc/passwd'));`,
      'e-timer.test.js': `import test from 'node:test'; test('waits', () => new Promise(() => {})); test('after', () => {});`,
      'f-memory.test.js': `import test from 'node:test'; test('grows', () => { const all = []; for (;;) all.push(new Array(1e6).fill(1)); });`,
      'g-escape.test.js': `import test from 'node:test'; test('looks', () => { if (['process', 'require', 'fetch', 'setTimeout', 'WebAssembly'].some((name) => name in globalThis)) throw new Error('it can see out'); });`,
      'h-cheat.test.js': `JSON.stringify = () => '{"started":true,"done":true,"tests":[],"statements":[]}'; import test from 'node:test'; test('cheats', () => { throw new Error('caught'); });`,
    });
    const results = outcomes(ran);
    assert.match(results['a-loop.test.js']?.['a-loop.test.js'] ?? '', /failed: The program ran longer than 1500 ms/);
    assert.match(results['b-load.test.js']?.['b-load.test.js'] ?? '', /failed: .*broken at once/);
    assert.match(results['c-parse.test.js']?.['c-parse.test.js'] ?? '', /failed: /);
    assert.deepEqual(results['d-files.test.js'], undefined);
    assert.match(results['e-timer.test.js']?.['waits'] ?? '', /failed: it did not end: it waits for something/);
    assert.match(results['f-memory.test.js']?.['f-memory.test.js'] ?? '', /failed: .*memory/);
    assert.deepEqual(results['g-escape.test.js'], { looks: 'passed' });
    assert.match(results['h-cheat.test.js']?.['cheats'] ?? '', /failed: Error: caught/);
    assert.deepEqual(
      ran.notRun.map(({ file, reason }) => [file, /"node:fs" cannot be had in the sandbox/.test(reason)]),
      [['d-files.test.js', true]],
    );
  });

  it('stops with its signal', async () => {
    const { files } = await surveyHere({ 'a.test.js': `import test from 'node:test'; test('x', () => {});` });
    const parts = { sandbox: sandbox.get, random: systemRandom, signal: AbortSignal.abort(new Error('enough')) };
    await assert.rejects(runTests(files, parts), /enough/);
  });
});

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
