import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { type Clock, seededRandom, systemClock } from '@loopwright/protocol';
import { loadDefinition } from '../definition/load-definition.ts';
import { SqliteStore } from '../store/sqlite-store.ts';
import { Engine } from './engine.ts';
import { countingFunctions, documentOf, journalDir, startOne, until, untilStatus } from './engine-fixture.ts';
import type { Retention } from './history-retention.ts';

const DAY_MS = 86_400_000;
const BODY = `do: [keep: { call: note, with: { id: keep, value: '\${ .big }' } }, ask: { call: accept, with: { title: Good?, doc_type: d, subject: small } }, last: { set: { done: true } }]`;

/** A clock that tests can put forward; nobody waits longer than some milliseconds. */
function hurriedClock(): Clock & { forward(ms: number): void } {
  let ahead = 0;
  return {
    now: () => systemClock.now() + ahead,
    schedule: (delayMs, run) => systemClock.schedule(Math.min(delayMs, 5), run),
    forward: (ms) => void (ahead += ms),
  };
}

async function open(dir: string, clock: Clock, retention: Retention): Promise<Engine> {
  const { functions } = countingFunctions();
  const engine = new Engine({
    dir,
    durability: 'process',
    clock,
    random: seededRandom(1),
    functions,
    retention,
    inlineCharacters: 400,
  });
  await engine.register(loadDefinition(documentOf('shop', BODY), engine.functions));
  engine.recover();
  return engine;
}

async function runOne(engine: Engine, id: string, big: string): Promise<void> {
  await startOne(engine, 'shop', { big }, id);
  await untilStatus(engine, id, 'waiting_acceptance');
  await engine.answer({ executionId: id }, { kind: 'acceptance', accepted: true }, { answerId: 'a', answeredBy: 'ann' });
  await untilStatus(engine, id, 'completed');
}

/** How many rows of each table belong to an execution. */
function rowsOf(dir: string, id: string): Record<string, unknown> {
  const database = new DatabaseSync(join(dir, 'engine.db'), { readOnly: true });
  const row = database
    .prepare(
      `SELECT (SELECT count(*) FROM executions WHERE id = ?1) AS executions,
        (SELECT count(*) FROM journal JOIN executions ON no = execution WHERE id = ?1) AS journal,
        (SELECT count(*) FROM history JOIN executions ON no = execution WHERE id = ?1) AS history,
        (SELECT count(*) FROM human_tasks WHERE execution_id = ?1) AS human_tasks,
        (SELECT count(*) FROM large_values JOIN executions ON no = execution WHERE id = ?1) AS large_values`,
    )
    .get(id);
  database.close();
  return { ...row };
}

describe('HistoryRetention', () => {
  it('compacts ended executions: the result and the answers stay, cursors see the gap, what is open is not touched', async () => {
    const dir = journalDir();
    const clock = hurriedClock();
    const engine = await open(dir, clock, { journalMs: DAY_MS });
    await runOne(engine, 'old', 'o'.repeat(500));
    await startOne(engine, 'shop', { big: 'p'.repeat(500) }, 'parked');
    await untilStatus(engine, 'parked', 'waiting_acceptance');
    const lastSeq = engine.read.events('old', 0, 100).at(-1)?.seq;
    assert.equal(engine.read.firstEvent('old'), 1);
    clock.forward(DAY_MS + 1000);
    await until(engine, 'old', () => engine.read.firstEvent('old') !== 1 && engine.read.journal('old').length === 0);
    assert.deepEqual(rowsOf(dir, 'old'), { executions: 1, journal: 0, history: 1, human_tasks: 1, large_values: 1 });
    assert.equal(engine.read.firstEvent('old'), lastSeq);
    assert.equal(engine.read.events('old', 0, 100)[0]?.type, 'completed');
    assert.deepEqual(engine.read.execution('old')?.output, { done: true });
    assert.deepEqual(engine.read.execution('old')?.input, { big: 'o'.repeat(500) });
    assert.equal(engine.read.journal('parked').length, 2);
    // The file of the step's result went with the journal; those of the inputs and of the open execution stay.
    assert.equal(globSync('values/*/*', { cwd: dir }).length, 3);
    const again = { executionId: 'old', newId: 'again', startedBy: 'ann' };
    await assert.rejects(engine.operations.restart({ ...again, from: 'ask' }), {
      code: 'INVALID_STATE',
      message: /was compacted/,
    });
    await engine.operations.restart(again);
    await untilStatus(engine, 'again', 'waiting_acceptance');
    await engine.cancel('again', { who: 'ann', reason: null });
    await engine.close(0);
  });

  it('removes ended executions with all that belongs to them, and gives their ids free', async () => {
    const dir = journalDir();
    const clock = hurriedClock();
    const engine = await open(dir, clock, { executionsMs: DAY_MS });
    for (const id of ['a', 'b', 'c']) await runOne(engine, id, id.repeat(500));
    clock.forward(DAY_MS + 1000);
    await runOne(engine, 'young', 'y'.repeat(500));
    for (const id of ['a', 'b', 'c']) await until(engine, 'young', () => engine.read.execution(id) === undefined);
    for (const id of ['a', 'b', 'c']) {
      assert.deepEqual(rowsOf(dir, id), { executions: 0, journal: 0, history: 0, human_tasks: 0, large_values: 0 });
      assert.deepEqual(engine.read.events(id, 0, 10), []);
    }
    assert.equal(globSync('values/*/*', { cwd: dir }).length, 2);
    await runOne(engine, 'a', 'another one');
    assert.deepEqual(engine.read.execution('a')?.input, { big: 'another one' });
    assert.equal(engine.read.events('a', 0, 1)[0]?.seq, 1);
    await engine.close(0);
  });

  it('goes on in batches where a crash left it', async () => {
    const dir = journalDir();
    const store = (): SqliteStore => new SqliteStore({ dir, durability: 'process', onEvents: () => undefined });
    let current = store();
    await current.write((transaction) => {
      transaction.putDefinition({ digest: 'd', name: 'w', version: '1.0.0', source: {}, createdAt: 1 });
      for (const id of ['one', 'two', 'child', 'open']) {
        const ended = id === 'open' ? { status: 'running', completedAt: null } : { status: 'completed', completedAt: 5 };
        const times = { statusSince: 1, createdAt: 1, updatedAt: 1 };
        const pin = { version: '1.0.0', definitionDigest: 'd', requestDigest: 'r', projectId: 'p', startedBy: 'ann' };
        const parent = id === 'child' ? { executionId: 'open', key: 'run' } : null;
        const rest = { workflow: 'w', currentStep: null, input: {}, output: null, error: null, parent, depth: 0 };
        transaction.insertExecution({ id, ...pin, ...times, ...rest, ...ended } as Parameters<
          typeof transaction.insertExecution
        >[0]);
        for (let seq = 1; seq <= 2500; seq += 1) {
          transaction.appendEvent({ executionId: id, type: 'e', step: null, at: 1, data: {} });
          // Whoever reads what the transaction has appended ends a row with it.
          assert.equal(transaction.count('events', id), seq);
        }
      }
    });
    const seen: (number | undefined)[] = [];
    for (let more = true; more;) {
      more = await current.write((transaction) => transaction.compactEnded(10));
      seen.push(current.read.firstEvent('one'), current.read.firstEvent('two'));
      await current[Symbol.asyncDispose]();
      current = store();
    }
    // 2000 rows at most in one transaction, the earliest events first.
    assert.deepEqual(seen.slice(0, 4), [2001, 1, 2500, 1492]);
    assert.deepEqual(seen.slice(-2), [2500, 2500]);
    assert.equal(current.read.firstEvent('open'), 1);
    assert.equal(await current.write((transaction) => transaction.compactEnded(10)), false);
    await assert.rejects(
      current.write((transaction) => {
        transaction.removeEnded(10);
        throw new RangeError('the process ends before the commit');
      }),
    );
    assert.equal(current.read.execution('one')?.id, 'one');
    for (let more = true; more;) more = await current.write((transaction) => transaction.removeEnded(10));
    assert.deepEqual([current.read.execution('one'), current.read.execution('two')], [undefined, undefined]);
    assert.equal(current.read.execution('open')?.id, 'open');
    // What ran it may still want to know how it ended.
    assert.equal(current.read.execution('child')?.id, 'child');
    await current[Symbol.asyncDispose]();
  });

  it('keeps everything when nothing is said', async () => {
    const dir = journalDir();
    const clock = hurriedClock();
    const engine = await open(dir, clock, {});
    await runOne(engine, 'old', 'o');
    await runOne(engine, 'newer', 'n');
    clock.forward(1000 * DAY_MS);
    await runOne(engine, 'newest', 'n');
    assert.equal(engine.read.journal('old').length, 2);
    await engine.close(0);
  });
});
