import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { seededRandom } from '@loopwright/protocol';
import { journalDir } from '../embedded/engine-fixture.ts';
import type { Execution, ExecutionEvent } from '../execution/execution.ts';
import type { EventFilter, EventPage } from './event-page.ts';
import type { Notice } from './notices.ts';
import { SqliteStore } from './sqlite-store.ts';

const EVERYTHING: EventFilter = { wants: () => true, wantsType: () => true };

/** What was handed over after the commits: position, execution and seq. */
type Handed = [position: number, executionId: string, seq: number];

async function open(dir: string, handed: Handed[] = []): Promise<SqliteStore> {
  const store = new SqliteStore({
    dir,
    durability: 'process',
    onEvents: (events, position) => {
      for (const [index, { executionId, seq }] of events.entries()) handed.push([position + index, executionId, seq]);
    },
  });
  await store.write((transaction) =>
    transaction.putDefinition({ digest: 'd', name: 'w', version: '1.0.0', source: {}, createdAt: 1 }),
  );
  return store;
}

function execution(id: string, completedAt: number | null = null): Execution {
  const times = { statusSince: 1, createdAt: 1, updatedAt: 1, completedAt, parent: null, depth: 0 };
  const pin = { version: '1.0.0', definitionDigest: 'd', requestDigest: 'r' };
  const state = {
    status: completedAt === null ? 'running' : 'completed',
    currentStep: null,
    input: {},
    output: null,
    error: null,
  } as const;
  return { id, workflow: `w-${id}`, projectId: `p-${id}`, startedBy: 'ann', ...pin, ...state, ...times };
}

const told = (executionId: string, at = 1): Omit<ExecutionEvent, 'seq'> => ({
  executionId,
  type: `${executionId}.told`,
  step: null,
  at,
  data: {},
});

/** A page as positions: `7:a/3` for an event, `4-6` for a gap. */
const shown = ({ entries }: EventPage): string[] =>
  entries.map((entry) =>
    'to' in entry ? `${entry.from}-${entry.to}` : `${entry.position}:${entry.owner.executionId}/${entry.event.seq}`,
  );

/** Reads to the end, page by page. */
function readAll(store: SqliteStore, { after = 0, limit = 3, filter = EVERYTHING } = {}): string[] {
  const all: string[] = [];
  for (let next = after; ;) {
    const page = store.read.eventsAfter(next, filter, limit);
    all.push(...shown(page));
    assert.ok(page.isEnd || page.next > next, 'it does not come on');
    next = page.next;
    if (page.isEnd) return all;
  }
}

describe('the order of the events of all executions', () => {
  it('is the order in which they are handed over, whatever is rolled back, and goes on over a restart', async () => {
    const dir = journalDir();
    const handed: Handed[] = [];
    const random = seededRandom(7);
    const ids = ['a', 'b', 'c'];
    let store = await open(dir, handed);
    for (const id of ids) await store.write((transaction) => transaction.insertExecution(execution(id)));
    for (let round = 0; round < 40; round += 1) {
      const writes = Array.from({ length: 1 + Math.floor(random.next() * 4) }, () => {
        const fails = random.next() < 0.2;
        const order = Array.from({ length: Math.floor(random.next() * 5) }, () => ids[Math.floor(random.next() * 3)] ?? 'a');
        return store.write((transaction) => {
          for (const id of order) transaction.appendEvent(told(id));
          if (random.next() < 0.3) transaction.journal('a');
          if (fails) throw new RangeError('no');
        });
      });
      await Promise.allSettled(writes);
      if (round % 10 !== 9) continue;
      await store[Symbol.asyncDispose]();
      store = await open(dir, handed);
    }
    const expected = handed.map(([position, id, seq]) => `${position}:${id}/${seq}`);
    assert.deepEqual(
      handed.map(([position]) => position),
      Array.from({ length: handed.length }, (_, index) => index + 1),
    );
    assert.equal(store.read.lastPosition(), handed.length);
    for (const limit of [1, 3, 1000]) assert.deepEqual(readAll(store, { limit }), expected);
    for (let after = 0; after <= handed.length; after += 1)
      assert.deepEqual(readAll(store, { after, limit: 5 }), expected.slice(after));
    await store[Symbol.asyncDispose]();
  });

  it('is one of what a filter wants, and the cursor comes on past the rest', async () => {
    const store = await open(journalDir());
    for (const id of ['a', 'b']) await store.write((transaction) => transaction.insertExecution(execution(id)));
    for (let round = 0; round < 300; round += 1)
      await store.write((transaction) => transaction.appendEvent(told(round === 299 ? 'b' : 'a')));
    const onlyB: EventFilter = {
      wants: ({ workflow, projectId }) => workflow === 'w-b' && projectId === 'p-b',
      wantsType: () => true,
    };
    assert.deepEqual(readAll(store, { filter: onlyB }), ['300:b/1']);
    assert.deepEqual(readAll(store, { filter: { wants: () => true, wantsType: (type) => type.startsWith('b.') } }), ['300:b/1']);
    const first = store.read.eventsAfter(0, onlyB, 10);
    assert.deepEqual([first.entries.length, first.isEnd], [0, false]);
    assert.deepEqual(store.read.eventOwner('b'), { executionId: 'b', workflow: 'w-b', projectId: 'p-b' });
    assert.equal(store.read.eventOwner('nobody'), undefined);
    await store[Symbol.asyncDispose]();
  });

  it('has gaps where events were compacted, executions removed and positions forgotten', async () => {
    const store = await open(journalDir());
    await store.write((transaction) => {
      for (const id of ['old', 'gone']) transaction.insertExecution(execution(id, id === 'old' ? 50 : 5));
      transaction.insertExecution(execution('open'));
    });
    for (const id of ['old', 'open', 'gone', 'old', 'gone', 'open', 'old'])
      await store.write((transaction) => {
        for (let times = 0; times < 2; times += 1) transaction.appendEvent(told(id, id === 'old' ? 50 : 100));
      });
    await store.write((transaction) => transaction.removeEnded(10));
    while (await store.write((transaction) => transaction.compactEnded(50))) continue;
    const wanted = ['1-2', '3:open/1', '4:open/2', '5-10', '11:open/3', '12:open/4', '13-13', '14:old/6'];
    for (const limit of [1, 2, 100]) assert.deepEqual(mergedGaps(readAll(store, { limit })), wanted);
    const notOld: EventFilter = { wants: ({ executionId }) => executionId !== 'old', wantsType: () => true };
    assert.deepEqual(readAll(store, { filter: notOld, limit: 100 }), [
      '3:open/1',
      '4:open/2',
      '5-6',
      '9-10',
      '11:open/3',
      '12:open/4',
    ]);
    assert.equal(await store.write((transaction) => transaction.dropPositions(60)), false);
    // The first commit is gone, the next ones are younger.
    assert.deepEqual(readAll(store, { limit: 100 })[0], '1-2');
    while (await store.write((transaction) => transaction.dropPositions(1000))) continue;
    assert.deepEqual(readAll(store, { limit: 100 }), ['1-13', '14:old/6']);
    await store.write((transaction) => transaction.appendEvent(told('open')));
    assert.deepEqual(readAll(store, { after: 14 }), ['15:open/5']);
    await store[Symbol.asyncDispose]();
  });

  it('is that of their times for events from before there was one', async () => {
    const dir = journalDir();
    const database = new DatabaseSync(join(dir, 'engine.db'));
    const read = (path: string): string => readFileSync(join(import.meta.dirname, path), 'utf8');
    const schema = ['0001-init.sql', '0002-listeners.sql'].map((name) => read(`migrations/${name}`)).join('\n');
    database.exec(`BEGIN; ${schema} ${read('fixtures/parked-v2.sql')} PRAGMA user_version = 2; COMMIT;`);
    const total = Number(database.prepare('SELECT count(*) AS total FROM events').get()?.['total']);
    database.close();
    const store = await open(dir);
    const page = store.read.eventsAfter(0, EVERYTHING, 10_000);
    assert.equal(page.entries.length, total);
    assert.equal(store.read.lastPosition(), total);
    const bySeq = new Map<string, number>();
    for (const entry of page.entries) {
      assert.ok('event' in entry);
      assert.equal(entry.event.seq, (bySeq.get(entry.owner.executionId) ?? 0) + 1);
      bySeq.set(entry.owner.executionId, entry.event.seq);
    }
    await store[Symbol.asyncDispose]();
  });
});

/** Gaps that meet, as one: a page that ends within a gap has it in two parts. */
function mergedGaps(entries: readonly string[]): string[] {
  const merged: string[] = [];
  for (const entry of entries) {
    const gap = /^(\d+)-(\d+)$/.exec(entry);
    const before = /^(\d+)-(\d+)$/.exec(merged.at(-1) ?? '');
    if (gap !== null && before !== null && Number(before[2]) + 1 === Number(gap[1]))
      merged[merged.length - 1] = `${before[1]}-${gap[2]}`;
    else merged.push(entry);
  }
  return merged;
}

describe('what no execution tells', () => {
  it('has what no execution told, once for each id, with its project, as commits come, and forgets it with its place', async () => {
    const dir = journalDir();
    const handed: Handed[] = [];
    const notice = (id: string, projectId: string | null): Notice => ({ id, type: 'noticed', projectId, data: { id } });
    {
      await using store = await open(dir, handed);
      await store.write((transaction) => transaction.insertExecution(execution('a')));
      await store.write((transaction) => transaction.appendEvent(told('a')));
      await store.write((transaction) => {
        transaction.announce(notice('n1', 'p-a'), 5);
        transaction.appendEvent(told('a'));
        transaction.announce(notice('n2', null), 5);
        transaction.announce(notice('n1', 'p-a'), 6);
      });
      await assert.rejects(
        store.write((transaction) => {
          transaction.announce(notice('lost', null), 7);
          throw new Error('no');
        }),
      );
      await store.write((transaction) => transaction.announce(notice('n3', 'p-b'), 50));
    }
    assert.deepEqual(
      handed.map(([position]) => position),
      [1, 2, 3, 4, 5],
    );
    await using store = await open(dir);
    const whole = ['1:a/1', '2:/1', '3:a/2', '4:/2', '5:/3'];
    for (const limit of [1, 2, 9]) assert.deepEqual(readAll(store, { limit }), whole);
    assert.deepEqual(readAll(store, { after: 3 }), ['4:/2', '5:/3']);
    const only = (project: string): EventFilter => ({ ...EVERYTHING, wants: ({ projectId }) => projectId === project });
    assert.deepEqual(readAll(store, { filter: only('p-a') }), ['1:a/1', '2:/1', '3:a/2']);
    assert.deepEqual(readAll(store, { filter: only('*') }), ['4:/2']);
    const [entry] = store.read.eventsAfter(4, EVERYTHING, 1).entries;
    assert.deepEqual(entry !== undefined && 'event' in entry ? [entry.event.data, entry.event.at] : [], [
      { id: 'n3', project_id: 'p-b' },
      50,
    ]);
    await store.write((transaction) => transaction.dropPositions(10));
    assert.deepEqual(readAll(store), ['1-4', '5:/3']);
    await store.write((transaction) => transaction.announce(notice('n4', null), 60));
    assert.deepEqual(readAll(store, { after: 5 }), ['6:/4'], 'numbers are never given again');
  });
});
