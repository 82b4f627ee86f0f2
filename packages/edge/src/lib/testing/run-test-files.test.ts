import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { systemClock, systemRandom } from '@loopwright/protocol';
import { noJail } from '../sandbox/jail/jail.ts';
import { openSandbox } from '../sandbox/open-sandbox.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { runTestFiles } from './run-test-files.ts';
import type { TestRun } from './test-run.ts';

let sandbox: Sandbox;
before(async () => {
  sandbox = await openSandbox({ clock: systemClock, jail: noJail, workers: 2, timeoutMs: 10_000, memoryLimitMb: 64 });
});
after(() => sandbox.close());

async function runScript(source: string, options: { isStrict?: boolean; timeoutMs?: number } = {}): Promise<TestRun> {
  const { isStrict = false, timeoutMs = 1000 } = options;
  const modules = new Map([['script.ts', source]]);
  return runTestFiles(
    { modules, tests: ['script.ts'], isStrict },
    { sandbox: async () => sandbox, random: systemRandom, timeoutMs },
  );
}

async function checkScript(source: string, status: 'passed' | 'failed', message?: RegExp): Promise<void> {
  const { results, notRun } = await runScript(source);
  assert.deepEqual([results.map((result) => result.status), notRun], [[status], []], JSON.stringify(results));
  if (message !== undefined) assert.match(results[0]?.message ?? '', message);
}

function isSent(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    // It was killed and replaced meanwhile.
    return false;
  }
}

describe('runTestFiles() of scripts', () => {
  it('passes what asserts and ends, in the ways that published suites are written', async () => {
    await checkScript(
      `declare var require: any; const assert = require('node:assert'); function test() { assert.deepEqual([1, '2'], ['1', 2]); } test();`,
      'passed',
    );
    await checkScript(`import assert from 'node:assert/strict'; assert.deepEqual({ a: [1] }, { a: [1] });`, 'passed');
    await checkScript(
      `import { strictEqual } from 'assert'; import * as all from 'node:assert'; strictEqual(1, 1); all.ok(true); all.default(1);`,
      'passed',
    );
    await checkScript(`undeclared = 3; console.assert(undeclared === 3); console.log('fine', [1]);`, 'passed');
    await checkScript(
      `const md5 = require('crypto').createHash('md5').update('é').digest('hex'); require('assert')(md5.length === 32);`,
      'passed',
    );
    await checkScript(
      `import test from 'node:test'; import assert from 'node:assert'; test('late', async () => { await null; assert(true); });`,
      'passed',
    );
    await checkScript(`const value = await Promise.resolve(4); console.assert(value === 4);`, 'passed');
  });

  it('has timers that take no time, and what Vitest, Jest and a package for digests have', async () => {
    await checkScript(
      `const order = []; setTimeout(() => order.push(3), 50); setTimeout((item) => order.push(item), 10, 2); setImmediate(() => order.push(1));
       const id = setInterval(() => { if (order.push(0) > 4) clearInterval(id); }, 40); clearTimeout(setTimeout(() => order.push('never'), 1));
       setInterval(() => undefined, 1e6).unref();
       (async () => { await new Promise((resolve) => setTimeout(resolve, 500)); console.assert(order.join() === '1,2,0,3,0', order.join()); })();`,
      'passed',
    );
    await checkScript(`setTimeout(() => { throw new Error('late'); }, 5); console.assert(true);`, 'failed', /Error: late/);
    await checkScript(
      `import { setTimeout } from 'node:timers/promises'; console.assert((await setTimeout(1000, 7)) === 7);`,
      'passed',
    );
    await checkScript(
      `const md5 = require('js-md5'); console.assert(md5('abc') === '900150983cd24fb0d6963f7d28e17f72');`,
      'passed',
    );
    const holds = [
      `expect([1, { a: undefined }]).toEqual([1, {}]); expect(NaN).toBe(NaN); expect(0.1 + 0.2).toBeCloseTo(0.3); expect('ab').toContain('b');`,
      `expect(() => { throw new TypeError('no'); }).toThrow(TypeError); expect(() => 1).not.toThrow(); await expect(Promise.reject(new Error('x'))).rejects.toThrow('x');`,
      `await expect(Promise.resolve([1])).resolves.toHaveLength(1); expect({ a: 1 }).toHaveProperty('a', 1); expect(null).toBeNull();`,
    ];
    for (const body of holds) await checkScript(`describe('a', () => { it('b', async () => { ${body} }); });`, 'passed');
    const broken = ['expect([1]).toEqual(["1"])', 'expect(1).not.toBe(1)', 'expect(() => 1).toThrow()', 'expect(5).toThrow()'];
    broken.push('await expect(Promise.resolve(1)).rejects.toBe(1)', `expect({ a: 1 }).toStrictEqual({ a: 1, b: undefined })`);
    for (const body of broken)
      await checkScript(`import { test, expect } from 'vitest'; test('a', async () => { ${body} });`, 'failed', /AssertionError/);
    await checkScript(`expect = () => ({ toBe() {} }); expect(1).toBe(2);`, 'failed');
  });

  it('fails what does not hold, whatever it says of itself', async () => {
    await checkScript(`import assert from 'node:assert/strict'; assert.deepEqual([1], ['1']);`, 'failed', /AssertionError/);
    await checkScript(`console.assert(1 + 1 === 3, 'sum'); console.log('all tests passed');`, 'failed', /Assertion failed: sum/);
    await checkScript(`if (1 + 1 !== 3) throw new Error('wrong');`, 'failed', /Error: wrong/);
    await checkScript(`process.exit(0);`, 'failed', /process is not defined/);
    await checkScript(`await Promise.reject(new RangeError('late'));`, 'failed', /RangeError: late/);
    await checkScript(`import assert from 'node:assert'; assert.equal = () => {}; assert.equal(1, 2);`, 'failed');
    await checkScript(`console = { assert() {} }; console.assert(false);`, 'failed', /Assertion failed/);
  });

  it('believes nothing of a program that changes the language, and minds no additions to it', async () => {
    const tricks = [
      'Array.prototype.push = function () { return 0; };',
      'Object.is = () => true; Reflect.ownKeys = () => [];',
      'Array.prototype.toJSON = () => [];',
      "Object.prototype.toJSON = () => ({ done: true, tests: [], assertions: 9, printed: '', statements: [] });",
      'JSON.stringify = () => "{}"; Array.prototype.some = () => false;',
      'Math.abs = () => 0;',
      'Promise.prototype.then = function () { return this; };',
      'globalThis.Object = class { static is() { return true; } };',
    ];
    for (const trick of tricks)
      await checkScript(
        `${trick}\nconsole.assert(Math.abs(1 - 2) < 1e-6);`,
        'failed',
        /no test can be believed|Assertion failed/,
      );
    await checkScript(
      `Array.prototype.last = function () { return this[this.length - 1]; }; Error.stackTraceLimit = 3; Math.random = () => 1; console.assert([1, 2].last() === 2);`,
      'passed',
    );
  });

  it('tells of what it ran: assertions, output cut to its limit, nothing where nothing was tested', async () => {
    const quiet = await runScript(`function check() { console.assert(false); }`);
    assert.deepEqual([quiet.results, quiet.files[0]?.assertions], [[], 0]);
    const loud = await runScript(
      `for (let line = 0; line < 1e5; line += 1) console.log('a line', { line }); console.assert(true);`,
    );
    assert.equal(loud.files[0]?.printed.length, 65_536);
    assert.equal(loud.files[0]?.assertions, 1);
  });

  it('says that time is over for loops, also of promises, and for what is never settled', async () => {
    const endless = [
      `for (;;);`,
      `/^(a+)+$/.test('${'a'.repeat(40)}b')`,
      `for (;;) await 0;`,
      `await new Promise(() => {});`,
      `setInterval(() => 1, 5);`,
    ];
    const runs = await Promise.all(endless.map(async (source) => runScript(source, { timeoutMs: 200 })));
    for (const [index, { results, files }] of runs.entries()) {
      assert.deepEqual([results.length, results[0]?.status, files[0]?.isTimedOut], [1, 'failed', true], endless[index]);
    }
  });

  it('gives a program that had little of a processor more time before it is said to loop', async (context) => {
    if (process.platform !== 'linux') return context.skip('no figure of processor time for another process here');
    const workers = (await readFile('/proc/self/task/' + process.pid + '/children', 'utf8')).trim().split(' ').map(Number);
    const tell = (signal: NodeJS.Signals): void => workers.forEach((worker) => isSent(worker, signal));
    // 40 ms of work on any machine that is not busy: a tenth of a processor is not enough for it within its limit.
    const source = `let sum = 0; for (let n = 0; n < 2e7; n += 1) sum += n % 7; console.assert(sum > 0);`;
    const slow = runScript(source, { timeoutMs: 150 });
    const loop = runScript(`for (;;);`, { timeoutMs: 150 });
    for (let turn = 0; turn < 10; turn += 1) {
      tell('SIGSTOP');
      await setTimeout(50);
      tell('SIGCONT');
      await setTimeout(5);
    }
    assert.deepEqual(
      (await slow).results.map(({ status }) => status),
      ['passed'],
    );
    assert.equal((await loop).files[0]?.isTimedOut, true);
  });

  it('computes the digests of Node', async () => {
    const texts = ['', 'abc', 'é\u{1F600}', 'x'.repeat(55), 'x'.repeat(56), 'x'.repeat(64), 'long '.repeat(200)];
    const cases = ['md5', 'sha1', 'sha256'].flatMap((name) =>
      texts.map((text) => [name, text, createHash(name).update(text).digest('hex')]),
    );
    await checkScript(
      `import { createHash } from 'node:crypto'; for (const [name, text, hex] of ${JSON.stringify(cases)}) console.assert(createHash(name).update(text).digest('hex') === hex, name, text.length);`,
      'passed',
    );
  });
});
