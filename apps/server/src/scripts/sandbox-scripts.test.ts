import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { noJail, openSandbox } from '@loopwright/edge';
import { Engine, type Execution, WorkflowError, isFinal, loadDefinition } from '@loopwright/engine';
import { type Json, seededRandom, systemClock } from '@loopwright/protocol';
import { SandboxScripts } from './sandbox-scripts.ts';

const random = seededRandom(7);
const scripts = new SandboxScripts(() => openSandbox({ clock: systemClock, jail: noJail, workers: 1, timeoutMs: 1000 }), random);
after(() => scripts[Symbol.asyncDispose]());

const { signal } = new AbortController();
const plain = { arguments: [], environment: {}, stdin: '', signal };

describe('SandboxScripts', () => {
  it('gives a script its arguments, environment and input, and keeps its streams apart', async () => {
    const code = `
      console.log('arg', process.argv[2], { n: 1 });
      console.error(process.env.FOO);
      process.stdout.write(process.stdin);`;
    const ran = await scripts.run({ ...plain, code, arguments: ['hello'], environment: { FOO: 'bar' }, stdin: 'in' });
    assert.deepEqual(ran, { stdout: 'arg hello {"n":1}\nin', stderr: 'bar\n', code: 0 });
  });

  it('takes what a script returns, and the names of its arguments as variables', async () => {
    const ran = await scripts.run({ ...plain, code: 'return { sum: a + b };', arguments: { a: 1, b: 2 } });
    assert.deepEqual(ran, { stdout: '', stderr: '', code: 0, result: { sum: 3 } });
  });

  it('ends with a code when a script throws or exits', async () => {
    const thrown = await scripts.run({ ...plain, code: "console.log('so far'); throw new TypeError('no');" });
    assert.deepEqual(thrown, { stdout: 'so far\n', stderr: 'TypeError: no\n', code: 1 });
    assert.equal((await scripts.run({ ...plain, code: 'process.exit(3)' })).code, 3);
  });

  it('leaves nothing behind for the next run, and gives no way out', async () => {
    const code = 'const before = globalThis.kept ?? null; globalThis.kept = 1; return [before, typeof require, typeof fetch];';
    for (const _run of [1, 2]) {
      assert.deepEqual((await scripts.run({ ...plain, code })).result, [null, 'undefined', 'undefined']);
    }
  });

  it('stops a script that does not end', async () => {
    await assert.rejects(
      scripts.run({ ...plain, code: 'for (;;) {}' }),
      (error: unknown) => error instanceof WorkflowError && error.document.type.endsWith('/timeout'),
    );
  });

  it('runs for a definition, once, as each form of "return" asks', async () => {
    await using engine = new Engine({
      dir: mkdtempSync(join(tmpdir(), 'loopwright-scripts-')),
      durability: 'process',
      clock: systemClock,
      random,
      functions: {},
      scripts,
    });
    const script = (more: string): string =>
      `{ run: { script: { language: js, arguments: ['\${ .name }'], code: "console.log(process.argv[2]); console.error('e'); return { n: 1 }" }${more} } }`;
    const text = `
document: { dsl: '1.0.3', namespace: test, name: scripts, version: '1.0.0' }
do:
  - all:
      fork:
        branches:
          - a: ${script('')}
          - b: ${script(', return: all')}
          - c: ${script(', return: stderr')}
          - d: ${script(', return: code')}
          - e: ${script(', return: none')}
          - f: ${script(', await: false')}
          - g: { try: [{ x: { run: { script: { language: js, code: 'throw 1' } } } }], catch: { as: e, do: [{ y: { set: '\${ $e.title }' } }] } }`;
    await engine.register(loadDefinition(text, engine.functions));
    const executionId = random.uuid();
    await engine.start({ executionId, workflow: 'scripts', projectId: 'p', input: { name: 'ann' }, startedBy: 'tester' });
    const { output, error } = await ended(engine, executionId);
    assert.equal(error, null);
    const all: Json = { code: 0, stdout: 'ann\n', stderr: 'e\n' };
    assert.deepEqual(output, [{ n: 1 }, all, 'e\n', 0, null, { name: 'ann' }, 'SCRIPT_FAILED']);
  });
});

async function ended(engine: Engine, id: string): Promise<Execution> {
  for (const end = Date.now() + 60_000; ; await delay(5)) {
    const execution = engine.read.execution(id);
    if (execution !== undefined && isFinal(execution.status)) return execution;
    assert.ok(Date.now() < end, 'the execution ends');
  }
}
