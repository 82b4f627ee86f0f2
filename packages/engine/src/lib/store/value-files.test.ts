import assert from 'node:assert/strict';
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { seededRandom, systemClock } from '@loopwright/protocol';
import { loadDefinition } from '../definition/load-definition.ts';
import { Engine } from '../embedded/engine.ts';
import { countingFunctions, documentOf, journalDir, startOne, untilStatus } from '../embedded/engine-fixture.ts';
import type { Execution } from '../execution/execution.ts';
import { SqliteStore } from './sqlite-store.ts';

/** Values of tests that are large where the limit is {@link INLINE}. */
const INLINE = 1000;
const large = (sign: string): string => sign.repeat(INLINE);
const filesIn = (dir: string): string[] => globSync('values/*/*', { cwd: dir }).sort();

async function open(dir: string, inlineCharacters = INLINE): Promise<{ engine: Engine; troubles: unknown[] }> {
  const troubles: unknown[] = [];
  const engine = new Engine({
    dir,
    durability: 'full',
    clock: systemClock,
    random: seededRandom(1),
    functions: countingFunctions().functions,
    inlineCharacters,
    onTrouble: (_message, error) => troubles.push(error),
  });
  const body = `do: [keep: { call: note, with: { id: keep, value: '\${ .big }' } }, ask: { call: accept, with: { title: Good?, doc_type: d, subject: '\${ . }' } }, give: { set: '\${ $workflow.input }' }]`;
  await engine.register(loadDefinition(documentOf('big', body), engine.functions));
  engine.recover();
  return { engine, troubles };
}

describe('ValueFiles', () => {
  it('keeps large inputs, results, subjects and outputs as files, each content once, through a restart', async () => {
    const dir = journalDir();
    const input = { big: large('a') };
    const first = await open(dir);
    const { execution } = await startOne(first.engine, 'big', input);
    const twin = await startOne(first.engine, 'big', input);
    await untilStatus(first.engine, execution.id, 'waiting_acceptance');
    await untilStatus(first.engine, twin.execution.id, 'waiting_acceptance');
    await first.engine.close(0);
    // The input, the step's result (the text alone) and the request that shows it.
    assert.equal(filesIn(dir).length, 3);
    assert.ok(readFileSync(join(dir, 'engine.db')).indexOf(large('a')) === -1);

    const { engine } = await open(dir);
    const task = engine.read.humanTasks({ executionId: execution.id, limit: 1 })[0];
    assert.match(JSON.stringify(task?.request), new RegExp(`"subject":"${large('a')}"`));
    await engine.answer({ taskId: task?.id ?? '' }, { kind: 'acceptance', accepted: true }, { answerId: 'x', answeredBy: 'bob' });
    const done = await untilStatus(engine, execution.id, 'completed');
    assert.deepEqual([done.input, done.output], [input, input]);
    await engine.close(0);
  });

  it('leaves a value in the journal up to the limit, and takes one character more out of it', async () => {
    const dir = journalDir();
    await using store = new SqliteStore({ dir, durability: 'process', onEvents: () => undefined, inlineCharacters: 100 });
    await store.write((transaction) => {
      transaction.putDefinition({ digest: 'd', name: 'w', version: '1.0.0', source: {}, createdAt: 1 });
      for (const length of [98, 99]) transaction.insertExecution(executionWith(`e${length}`, 'x'.repeat(length)));
    });
    assert.equal(filesIn(dir).length, 1);
    assert.equal(store.read.execution('e98')?.input, 'x'.repeat(98));
    assert.equal(store.read.execution('e99')?.input, 'x'.repeat(99));
  });

  it('leaves no file behind of a transaction that is rolled back, and keeps what others of its group refer to', async () => {
    const dir = journalDir();
    await using store = new SqliteStore({ dir, durability: 'process', onEvents: () => undefined, inlineCharacters: 10 });
    await store.write((transaction) =>
      transaction.putDefinition({ digest: 'd', name: 'w', version: '1.0.0', source: {}, createdAt: 1 }),
    );
    const results = await Promise.allSettled([
      store.write((transaction) => transaction.insertExecution(executionWith('kept', 'shared value'))),
      store.write((transaction) => {
        transaction.insertExecution(executionWith('lost', 'shared value'));
        transaction.insertExecution(executionWith('lost too', 'a value of its own'));
        throw new RangeError('no');
      }),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    );
    assert.equal(filesIn(dir).length, 1);
    assert.equal(store.read.execution('kept')?.input, 'shared value');
  });

  it('lists what has a damaged value, and refuses only the value itself', async () => {
    const dir = journalDir();
    const first = await open(dir);
    const damaged = await startOne(first.engine, 'big', { big: large('b') });
    await untilStatus(first.engine, damaged.execution.id, 'waiting_acceptance');
    const sound = await startOne(first.engine, 'big', { big: large('c') });
    await untilStatus(first.engine, sound.execution.id, 'waiting_acceptance');
    await first.engine.close(0);
    for (const file of filesIn(dir)) {
      const path = join(dir, file);
      const text = readFileSync(path, 'utf8');
      if (text === JSON.stringify(large('b'))) writeFileSync(path, text.replace('b', 'B'));
    }
    const { engine, troubles } = await open(dir);
    assert.equal(engine.read.executions({ limit: 10 }).executions.length, 2);
    const entry = engine.read.entry(damaged.execution.id, 'keep');
    assert.throws(() => entry?.value, { code: 'STORE_FAILED', message: /is not what was written/ });
    const answer = { kind: 'acceptance', accepted: true } as const;
    for (const { execution } of [damaged, sound]) {
      await engine.answer({ executionId: execution.id }, answer, { answerId: execution.id, answeredBy: 'bob' });
    }
    await untilStatus(engine, sound.execution.id, 'completed');
    // It rests until somebody brings the value back: a damaged disk is not a failure of the workflow.
    assert.equal(engine.read.execution(damaged.execution.id)?.status, 'running');
    assert.match(String(troubles[0]), /is not what was written/);
    await engine.close(0);
  });

  it('deletes after a crash what no execution holds', async () => {
    const dir = journalDir();
    const store = new SqliteStore({ dir, durability: 'process', onEvents: () => undefined, inlineCharacters: 10 });
    await store.write((transaction) => {
      transaction.putDefinition({ digest: 'd', name: 'w', version: '1.0.0', source: {}, createdAt: 1 });
      transaction.insertExecution(executionWith('kept', 'a value that is held'));
    });
    await store[Symbol.asyncDispose]();
    const [held = ''] = filesIn(dir);
    const folder = join(dir, held, '..');
    const orphan = join(folder, held.slice(-64, -62) + 'f'.repeat(62));
    writeFileSync(orphan, '"nobody"');
    writeFileSync(`${orphan}.1-1`, '"half');
    // What a process leaves that died.
    writeFileSync(join(dir, 'engine.db-wal'), '');
    await using again = new SqliteStore({ dir, durability: 'process', onEvents: () => undefined, inlineCharacters: 10 });
    for (const end = Date.now() + 60_000; filesIn(dir).length > 1 && Date.now() < end;) {
      await new Promise<void>((resolve) => void setImmediate(resolve));
    }
    assert.deepEqual(filesIn(dir), [held]);
    assert.equal(again.read.execution('kept')?.input, 'a value that is held');
    rmSync(join(dir, held));
    assert.throws(() => again.read.execution('kept')?.input, { code: 'STORE_FAILED', message: /ENOENT/ });
  });
});

function executionWith(id: string, input: string): Execution {
  const times = { statusSince: 1, createdAt: 1, updatedAt: 1, completedAt: null };
  const pin = { version: '1.0.0', definitionDigest: 'd', requestDigest: 'r' };
  const state = { status: 'running', currentStep: null, input, output: null, error: null, parent: null, depth: 0 } as const;
  return { id, workflow: 'w', projectId: 'p', startedBy: 'ann', ...pin, ...state, ...times };
}
