import assert from 'node:assert/strict';
import { globSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import type { Json } from '@loopwright/protocol';
import type { JournalEntry } from '../execution/execution.ts';
import { SqliteStore } from './sqlite-store.ts';
import type { StoreTransaction } from './store.ts';

const ID = 'one';

/** A store with one execution in it, and its folder. */
async function open(
  dir: string = mkdtempSync(join(tmpdir(), 'loopwright-history-')),
): Promise<{ store: SqliteStore; dir: string }> {
  const store = new SqliteStore({ dir, durability: 'process', onEvents: () => undefined, inlineCharacters: 300 });
  await store.write((transaction) => {
    if (transaction.execution(ID) !== undefined) return;
    transaction.putDefinition({ digest: 'd', name: 'w', version: '1.0.0', source: {}, createdAt: 1 });
    const times = { statusSince: 1, createdAt: 1, updatedAt: 1, completedAt: null, parent: null, depth: 0 };
    const pin = { version: '1.0.0', definitionDigest: 'd', requestDigest: 'r', workflow: 'w', projectId: 'p', startedBy: 'ann' };
    transaction.insertExecution({
      id: ID,
      ...pin,
      status: 'running',
      currentStep: null,
      input: {},
      output: null,
      error: null,
      ...times,
    });
  });
  return { store, dir };
}

const step = (key: string, state: JournalEntry['state'], value: Json = null): JournalEntry => {
  return {
    key,
    kind: 'step',
    state,
    name: key,
    value,
    dueAt: null,
    remainingMs: null,
    createdAt: 1,
    recordedAt: state === 'running' ? null : 2,
  };
};

function append(transaction: StoreTransaction, type: string, data: Record<string, Json> = {}): void {
  transaction.appendEvent({ executionId: ID, type, step: null, at: 5, data });
}

function rowsIn(dir: string): Record<string, number> {
  const database = new DatabaseSync(join(dir, 'engine.db'), { readOnly: true });
  const row = database
    .prepare('SELECT (SELECT count(*) FROM history) AS history, (SELECT count(*) FROM journal) AS journal')
    .get();
  database.close();
  return { history: Number(row?.['history']), journal: Number(row?.['journal']) };
}

describe('the history of an execution', () => {
  it('takes a step that ends in the commit of its begin as one row, and one that ends later out of the journal', async () => {
    const { store, dir } = await open();
    await using closing = store;
    const fast = closing.write((transaction) => {
      transaction.putEntry(ID, step('fast', 'running'));
      append(transaction, 'step_started');
    });
    await Promise.all([
      fast,
      store.write((transaction) => {
        assert.equal(transaction.entry(ID, 'fast')?.state, 'running');
        transaction.putEntry(ID, step('fast', 'done', 'quick'));
        append(transaction, 'step_completed');
      }),
    ]);
    assert.deepEqual(rowsIn(dir), { history: 1, journal: 0 });
    await store.write((transaction) => transaction.putEntry(ID, step('slow', 'running')));
    assert.deepEqual(rowsIn(dir), { history: 1, journal: 1 });
    await store.write((transaction) => transaction.putEntry(ID, step('slow', 'failed', { title: 'no' })));
    assert.deepEqual(rowsIn(dir), { history: 2, journal: 0 });
    assert.deepEqual(store.read.journal(ID), [step('fast', 'done', 'quick'), step('slow', 'failed', { title: 'no' })]);
    assert.deepEqual(store.read.entry(ID, 'fast'), step('fast', 'done', 'quick'));
    // Whoever keeps a view of another record may put what it has put before.
    await store.write((transaction) => transaction.putEntry(ID, step('fast', 'done', 'quick')));
    assert.equal(store.read.journal(ID).length, 2);
    await store.write((transaction) => assert.equal(transaction.keyedEntry(ID, 'fast'), undefined));
    assert.equal(store.read.entry(ID, 'none'), undefined);
  });

  it('ends a step that was under way when the process before ended', async () => {
    const { store, dir } = await open();
    await store.write((transaction) => transaction.putEntry(ID, step('slow', 'running')));
    await store[Symbol.asyncDispose]();
    const { store: again } = await open(dir);
    await using closing = again;
    // The step begins again, and ends within the same commit.
    await closing.write((transaction) => {
      transaction.putEntry(ID, step('slow', 'running'));
      transaction.putEntry(ID, step('slow', 'done', 7));
    });
    assert.deepEqual(again.read.journal(ID), [step('slow', 'done', 7)]);
    assert.deepEqual(rowsIn(dir), { history: 1, journal: 0 });
  });

  it('numbers events without gaps over rows of any size and over restarts, and gives any page of them', async () => {
    const { store, dir } = await open();
    const types = Array.from({ length: 350 }, (_, index) => `e${index + 1}`);
    await store.write((transaction) => {
      for (const type of types.slice(0, 250)) append(transaction, type);
    });
    await store.write((transaction) => transaction.putEntry(ID, step('silent', 'done', 1)));
    await store[Symbol.asyncDispose]();
    const { store: again } = await open(dir);
    await using closing = again;
    for (const type of types.slice(250, 349)) await closing.write((transaction) => append(transaction, type));
    const unseen = closing.write((transaction) => {
      append(transaction, 'lost');
      throw new RangeError('no');
    });
    await assert.rejects(unseen, RangeError);
    await closing.write((transaction) => {
      append(transaction, 'e350');
      assert.deepEqual(
        transaction.events(ID, 348, 10).map(({ type }) => type),
        ['e349', 'e350'],
      );
    });
    for (const [after, limit] of [
      [0, 1000],
      [0, 3],
      [99, 2],
      [100, 1],
      [101, 150],
      [249, 101],
      [349, 5],
      [350, 5],
    ] as const) {
      const page = again.read.events(ID, after, limit);
      assert.deepEqual(
        page.map(({ seq, type }) => [seq, type]),
        types.slice(after, after + limit).map((type, index) => [after + index + 1, type]),
      );
    }
    assert.equal(again.read.firstEvent(ID), 1);
    assert.equal(again.read.count('events', ID), 350);
    assert.equal(rowsIn(dir)['history'], 3 + 1 + 100);
  });

  it('keeps large values of events and results in files, beside small ones and ones that look like a reference', async () => {
    const { store, dir } = await open();
    await using closing = store;
    const big = 'b'.repeat(400);
    const reference = `@sha256:${'0'.repeat(64)}`;
    await closing.write((transaction) => {
      append(transaction, 'small', { text: 's' });
      append(transaction, 'large', { text: big });
      transaction.putEntry(ID, step('small', 'done', 's'));
      transaction.putEntry(ID, step('large', 'done', [big]));
      transaction.putEntry(ID, step('looks-large', 'done', reference));
    });
    assert.deepEqual(
      store.read.journal(ID).map(({ value }) => value),
      ['s', [big], reference],
    );
    assert.deepEqual(
      store.read.events(ID, 0, 10).map(({ data }) => data),
      [{ text: 's' }, { text: big }],
    );
    assert.equal(globSync('values/*/*', { cwd: dir }).length, 2);
  });
});
