import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { type Json, systemClock } from '@loopwright/protocol';
import { buildProgram } from '../build/build-program.ts';
import { noJail } from './jail/jail.ts';
import { openSandbox } from './open-sandbox.ts';
import type { Sandbox, SandboxProgram } from './sandbox.ts';

/** How long a program may take to be found to keep nothing. */
const TRIES = 600;

describe('StateSandbox', () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await openSandbox({ clock: systemClock, jail: noJail, workers: 1, timeoutMs: 20_000, state: 'fresh' });
  });
  after(() => sandbox.close());

  async function programOf(source: string, state?: 'kept' | 'fresh'): Promise<SandboxProgram> {
    const { code, digest } = await buildProgram(source);
    return { key: `${digest} ${state ?? ''}`, code, ...(state === undefined ? {} : { state }) };
  }

  async function call(program: SandboxProgram, input: Json): Promise<Json> {
    const result = await sandbox.run(program, JSON.stringify(input));
    if (result.status !== 'success') throw new Error(result.message);
    return JSON.parse(result.outputJson) as Json;
  }

  /** What the language itself keeps away from a program that is found to keep nothing, and from no other. */
  const tell = "(() => 0)[key] === undefined ? 'shared' : 'alone'";

  it('evaluates a program for each call that could tell it from the others, however often it is called', async () => {
    const counting = await programOf(`let calls = 0; export const run = (key: string) => [(calls += 1), ${tell}];`);
    for (let step = 0; step < 30; step += 1) {
      assert.deepEqual(await call(counting, 'constructor'), [1, 'alone']);
      await wait(5);
    }
    const hidden = await programOf(
      'export const run = (key: any) => { const o: any = []; o[key.a][key.b] = (o[key.a][key.b] ?? 0) + 1; return ([] as any)[key.b]; };',
    );
    for (let step = 0; step < 30; step += 1) assert.equal(await call(hidden, { a: '__proto__', b: 'leak' }), 1);
  });

  it('evaluates one once that keeps nothing, as soon as this is known', async () => {
    const plain = await programOf(
      `const WEIGHTS: any = { a: [1, 2] }; export const run = (key: string) => (WEIGHTS[key] === undefined ? '' : ${tell});`,
    );
    let tries = 0;
    while ((await call(plain, 'constructor')) !== 'shared' && tries < TRIES) {
      tries += 1;
      await wait(20);
    }
    assert.ok(tries < TRIES, 'it is still evaluated for each call');
    assert.equal(await call(plain, 'name'), '');
    assert.equal(await call(plain, 'constructor'), 'shared');
  });

  it('has found that out when it is prepared for the program', async () => {
    const plain = await programOf(`/* another one */ export const run = (key: string) => ${tell};`);
    await sandbox.prepare('typescript', plain);
    assert.equal(await call(plain, 'constructor'), 'shared');
    const counting = await programOf(`let calls = 1; export const run = (key: string) => [(calls += 1), ${tell}];`);
    await sandbox.prepare('typescript', counting);
    for (let step = 0; step < 3; step += 1) assert.deepEqual(await call(counting, 'constructor'), [2, 'alone']);
  });

  it('goes on where what looks at programs is given one that it cannot read', async () => {
    const deep = await programOf(`export const run = (n: number) => ${'n + '.repeat(29_999)}n;`);
    for (let step = 0; step < 5; step += 1) assert.equal(await call(deep, 1), 30_000);
    const later = await programOf(`export const run = (key: string) => ${tell};`);
    await sandbox.prepare('typescript', later);
    assert.equal(await call(later, 'constructor'), 'shared');
  });

  it('keeps the variables of a program that says so', async () => {
    const counting = await programOf(`let calls = 0; export const run = (key: string) => [(calls += 1), ${tell}];`, 'kept');
    assert.deepEqual(await call(counting, 'constructor'), [1, 'alone']);
    assert.deepEqual(await call(counting, 'constructor'), [2, 'alone']);
  });
});
