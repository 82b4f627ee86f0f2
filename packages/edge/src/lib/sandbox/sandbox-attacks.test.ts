import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '@loopwright/protocol';
import { buildProgram } from '../build/build-program.ts';
import { openJail } from './jail/open-jail.ts';
import { openSandbox } from './open-sandbox.ts';
import type { Sandbox, SandboxProgram, SandboxResult } from './sandbox.ts';

const timeoutMs = 300;
let sandbox: Sandbox;
let friendly: SandboxProgram;

async function program(source: string): Promise<SandboxProgram> {
  const { code, digest } = await buildProgram(source);
  return { key: digest, code };
}

/** Runs a hostile program, then a friendly one at once: both must be answered, the first within the hard limit. */
async function attack(source: string, input: unknown = null): Promise<SandboxResult> {
  const hostile = await program(source);
  const start = performance.now();
  const result = await sandbox.run(hostile, JSON.stringify(input));
  const elapsedMs = performance.now() - start;
  assert.ok(elapsedMs < timeoutMs + 2500, `answered after ${elapsedMs} ms`);
  const next = await sandbox.run(friendly, '20');
  assert.deepEqual({ ...next, latencyMs: 0 }, { status: 'success', outputJson: '21', latencyMs: 0 });
  return result;
}

async function checkError(source: string, message: RegExp): Promise<void> {
  const result = await attack(source);
  assert.equal(result.status, 'error');
  assert.match(result.message, message);
}

async function checkTimeout(source: string, input?: unknown): Promise<void> {
  const result = await attack(source, input);
  assert.equal(result.status, 'timeout');
}

async function checkOutput(source: string, output: unknown): Promise<void> {
  const result = await attack(source);
  assert.ok(result.status === 'success', JSON.stringify(result));
  assert.deepEqual(JSON.parse(result.outputJson), output);
}

describe('sandbox under attack', () => {
  before(async () => {
    const jail = await openJail({ policy: 'preferred', clock: systemClock });
    sandbox = await openSandbox({ clock: systemClock, jail, timeoutMs });
    friendly = await program('export const run = (n: number) => n + 1;');
  });
  after(() => sandbox.close());

  it('stops a loop', () => checkTimeout('export function run() { while (true) {} }'));
  it('stops a loop in the body of the module', () => checkTimeout('for (;;) {} export const run = () => 1;'));
  it('stops a loop that catches everything', () =>
    checkTimeout('export function run() { for (;;) { try { for (;;) {} } catch {} finally { continue; } } }'));
  it('stops a regular expression that backtracks', () =>
    checkTimeout('export const run = (text: string) => /^(a+)+$/.test(text);', `${'a'.repeat(40)}b`));
  it('stops microtasks that never end', () =>
    checkTimeout('export const run = () => { (async () => { for (;;) await 0; })(); for (;;) {} };'));
  it('kills what V8 cannot interrupt', () =>
    checkTimeout(`export function run() {
      const big = JSON.stringify(new Array(400_000).fill(1234567));
      for (let n = 0; ; n += JSON.parse(big).length) if (n < 0) return n;
    }`));
  it('kills a search through an endless array-like', () =>
    checkTimeout('export const run = () => Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);'));

  it('stops arrays that grow', async () => {
    const result = await attack(
      'export function run() { const all: number[][] = []; for (;;) all.push(new Array(10_000).fill(1)); }',
    );
    assert.notEqual(result.status, 'success');
  });
  it('stops a map that grows', async () => {
    const result = await attack('export function run() { const all = new Map(); for (let n = 0; ; n++) all.set(n, { n }); }');
    assert.notEqual(result.status, 'success');
  });
  it('stops buffers outside of the heap', async () => {
    const result = await attack(
      'export function run() { const all = []; for (;;) all.push(new ArrayBuffer(16_000_000).slice(0)); }',
    );
    assert.notEqual(result.status, 'success');
  });
  it('stops buffers that are resized', async () => {
    const result = await attack(`export function run() {
      const all = [];
      for (;;) { const b = new ArrayBuffer(8, { maxByteLength: 1e8 }); b.resize(1e8); new Uint8Array(b).fill(1); all.push(b); }
    }`);
    assert.notEqual(result.status, 'success');
  });
  it('stops strings that double', async () => {
    const result = await attack('export function run() { const all = []; for (;;) all.push("x".repeat(2 ** 24) + all.length); }');
    assert.notEqual(result.status, 'success');
  });

  it('reports an error with its name', () =>
    checkError('export function run() { throw new TypeError("no"); }', /^TypeError: no$/u));
  it('reports values that are no errors', () => checkError('export function run() { throw Symbol("odd"); }', /Symbol\(odd\)/u));
  it('reports what cannot be written as text', () =>
    checkError('export function run() { throw { get message() { throw 1; } }; }', /cannot be shown/u));
  it('reports a Proxy that throws everywhere', () =>
    checkError(
      'export function run() { throw new Proxy({}, { get() { throw 1; }, getPrototypeOf() { throw 2; } }); }',
      /cannot be shown/u,
    ));
  it('reports infinite recursion', () =>
    checkError('export function run(): number { return 1 + run(); }', /RangeError|program/u));
  it('stops a getter that loops while the error is written', () =>
    checkTimeout('export function run() { throw { get message() { for (;;) {} } }; }'));
  it('stops prepareStackTrace that loops', async () => {
    const result = await attack(`export function run() { Error.prepareStackTrace = () => { for (;;) {} }; null!.x; }`);
    assert.notEqual(result.status, 'success');
  });
  it('stops toJSON that loops', () => checkTimeout('export const run = () => ({ toJSON() { for (;;) {} } });'));
  it('cuts long messages', async () => {
    const result = await attack('export function run() { throw new Error("x".repeat(1e6)); }');
    assert.ok(result.status === 'error' && result.message.length <= 2000);
  });

  it('refuses outputs that are not JSON', async () => {
    await checkError('export const run = () => undefined;', /not JSON/u);
    await checkError('export const run = () => () => 1;', /not JSON/u);
    await checkError('export const run = () => 1n;', /BigInt/u);
    await checkError('export function run() { const a: unknown[] = []; a.push(a); return a; }', /circular/u);
  });
  it('refuses a promise', () => checkError('export const run = async () => 1;', /promise/u));
  it('refuses a thenable', () => checkError('export const run = () => ({ then() {} });', /promise/u));
  it('refuses a huge output', () => checkError('export const run = () => "x".repeat(5_000_000);', /more than 4194304/u));
  it('refuses an export that is no function', () => checkError('export const run = 5;', /no function "run"/u));

  it('shows the program nothing of the host', () =>
    checkOutput(
      `const names = ["process", "require", "module", "global", "Buffer", "setTimeout", "setInterval", "queueMicrotask", "fetch", "console",
        "WebAssembly", "SharedArrayBuffer", "Atomics", "structuredClone", "performance", "navigator", "ivm"];
      export const run = () => names.filter((name) => name in globalThis);`,
      [],
    ));
  it('gives nothing to constructor escapes', () =>
    checkOutput(
      `const probe = (make: () => unknown) => { try { return typeof make(); } catch (error) { return String(error); } };
      export const run = (input: unknown) => [
        probe(() => globalThis.constructor.constructor("return process")()),
        probe(() => (async () => {}).constructor("return this.process")().catch(() => 1) && undefined),
        probe(() => run.constructor("return this.process")()),
        probe(() => run.constructor("return this.require")()),
        probe(() => new Error().stack!.match(/node_modules|worker-main|file:/)![0]),
      ];`,
      [
        'ReferenceError: process is not defined',
        'undefined',
        'undefined',
        'undefined',
        "TypeError: Cannot read properties of null (reading '0')",
      ],
    ));
  it('fails a program that leaves a rejection behind, even one that loops when it is shown', async () => {
    await checkError('export function run() { Promise.reject(new Error("left")); return 1; }', /left/u);
    const result = await attack('export function run() { Promise.reject({ get message() { for (;;) {} } }); return 1; }');
    assert.notEqual(result.status, undefined);
  });
  it('gives nothing to a dynamic import', async () => {
    const result = await attack('export function run() { const name = "node:fs"; return import(name); }');
    assert.equal(result.status, 'error');
  });
  it('keeps programs apart', async () => {
    await checkOutput(
      'export function run() { globalThis.leak = 1; Array.prototype.map = () => "mine"; JSON.stringify = () => "9"; return 1; }',
      1,
    );
    await checkOutput('export const run = () => [typeof globalThis.leak, [1].map((n) => n + 1)];', ['undefined', [2]]);
  });
  it('starts a program afresh after it ran into a limit', async () => {
    const counter = await program('let n = 0; export function run(loop: boolean) { n += 1; while (loop) {} return n; }');
    assert.equal((await sandbox.run(counter, 'true')).status, 'timeout');
    const next = await sandbox.run(counter, 'false');
    assert.ok(next.status === 'success');
    assert.equal(next.outputJson, '1');
  });
});
