import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import type { Execution, ExecutionEvent, ExecutionPage, ExecutionQuery } from '../execution/execution.ts';
import { SqliteStore } from './sqlite-store.ts';

const newDir = (): string => mkdtempSync(join(tmpdir(), 'loopwright-store-'));

function open(dir: string, onEvents: (events: readonly ExecutionEvent[]) => void = () => undefined): SqliteStore {
  return new SqliteStore({ dir, durability: 'process', onEvents });
}

function execution(id: string): Execution {
  const times = { statusSince: 1, createdAt: 1, updatedAt: 1, completedAt: null, parent: null, depth: 0 };
  const pin = { version: '1.0.0', definitionDigest: 'd', requestDigest: 'r' };
  const state = { status: 'running', currentStep: null, input: {}, output: null, error: null } as const;
  return { id, workflow: 'w', projectId: 'p', startedBy: 'ann', ...pin, ...state, ...times };
}

const definition = { digest: 'd', name: 'w', version: '1.0.0', source: {}, createdAt: 1 };

describe('SqliteStore', () => {
  it('keeps what was written, and gives nothing of a mutation that throws, to others either', async () => {
    const dir = newDir();
    const seen: string[] = [];
    await using store = open(dir, (events) => seen.push(...events.map(({ type }) => type)));
    await store.write((transaction) => transaction.putDefinition(definition));
    const results = await Promise.allSettled([
      store.write((transaction) => transaction.insertExecution(execution('a'))),
      store.write((transaction) => {
        transaction.insertExecution(execution('b'));
        transaction.appendEvent({ executionId: 'b', type: 'lost', step: null, at: 1, data: {} });
        throw new RangeError('no');
      }),
      store.write((transaction) => {
        transaction.insertExecution(execution('c'));
        transaction.appendEvent({ executionId: 'c', type: 'kept', step: null, at: 1, data: {} });
      }),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(
      ['a', 'b', 'c'].map((id) => store.read.execution(id)?.id),
      ['a', undefined, 'c'],
    );
    assert.deepEqual(seen, ['kept']);
  });

  it('commits what is asked for in one turn together, in order', async () => {
    await using store = open(newDir());
    await store.write((transaction) => transaction.putDefinition(definition));
    await store.write((transaction) => transaction.insertExecution(execution('a')));
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 2500 }, (_, index) =>
        store
          .write((transaction) => transaction.appendEvent({ executionId: 'a', type: String(index), step: null, at: 1, data: {} }))
          .then(() => order.push(index)),
      ),
    );
    const events = store.read.events('a', 0, 5000);
    assert.deepEqual(
      events.map(({ seq }) => seq),
      Array.from({ length: 2500 }, (_, index) => index + 1),
    );
    assert.deepEqual(
      events.map(({ type }) => Number(type)),
      order,
    );
  });

  it('brings a store of an earlier schema up to date and keeps what is in it', async () => {
    const dir = newDir();
    const database = new DatabaseSync(join(dir, 'engine.db'));
    const first = readFileSync(new URL('migrations/0001-init.sql', import.meta.url), 'utf8');
    database.exec(`BEGIN; ${first} PRAGMA user_version = 1; COMMIT;`);
    database.prepare(`INSERT INTO definitions VALUES ('d', 'w', '1.0.0', '{}', 1)`).run();
    database.close();
    await using store = open(dir);
    assert.equal(store.read.definition('d')?.name, 'w');
    assert.deepEqual(store.read.listeners('any'), []);
  });

  it('refuses a newer schema, a file that is no database, and a second owner', async () => {
    const newer = newDir();
    const database = new DatabaseSync(join(newer, 'engine.db'));
    database.exec('PRAGMA user_version = 99');
    database.close();
    assert.throws(() => open(newer), { code: 'STORE_FAILED', message: /is newer than this program/ });
    const broken = newDir();
    writeFileSync(join(broken, 'engine.db'), 'this is not a database, however long it may be'.repeat(100));
    assert.throws(() => open(broken), { code: 'STORE_FAILED' });
    const dir = newDir();
    await using store = open(dir);
    assert.ok(store);
    assert.throws(() => open(dir), { code: 'DATA_DIR_IN_USE' });
  });

  it('leaves its folder free when it could not be opened', async () => {
    const dir = newDir();
    writeFileSync(join(dir, 'engine.db'), 'x'.repeat(5000));
    assert.throws(() => open(dir), { code: 'STORE_FAILED' });
    writeFileSync(join(dir, 'engine.db'), '');
    await using store = open(dir);
    assert.ok(store);
  });

  it('acknowledges with full durability too, after the log is on the disk, whatever the size of the groups', async () => {
    const dir = newDir();
    {
      await using store = new SqliteStore({ dir, durability: 'full', onEvents: () => undefined });
      await store.write((transaction) => transaction.putDefinition(definition));
      await store.write((transaction) => transaction.insertExecution(execution('one')));
      await Promise.all(
        Array.from({ length: 200 }, (_, index) =>
          store.write((transaction) => transaction.insertExecution(execution(`many-${index}`))),
        ),
      );
    }
    await using again = open(dir);
    assert.equal(again.read.executions({ limit: 1 }).total, 201);
  });

  it('commits what waits when it is closed, and refuses what comes later', async () => {
    const dir = newDir();
    const store = new SqliteStore({ dir, durability: 'full', onEvents: () => undefined });
    const waiting = store.write((transaction) => transaction.putDefinition(definition));
    const closed = store[Symbol.asyncDispose]();
    const late = store.write((transaction) => transaction.insertExecution(execution('late')));
    await assert.rejects(late, { code: 'STORE_FAILED' });
    await Promise.all([waiting, closed]);
    await using again = open(dir);
    assert.equal(again.read.definition('d')?.name, 'w');
    assert.equal(again.read.execution('late'), undefined);
  });

  it('lists by what executions have in common, the newest first, with totals that survive rollbacks', async () => {
    const dir = newDir();
    await using store = open(dir);
    await store.write((transaction) => transaction.putDefinition(definition));
    const facts = [
      ['w', 'p', 'running'],
      ['w', 'q', 'completed'],
      ['v', 'p', 'failed'],
      ['w', 'p', 'completed'],
    ] as const;
    for (const [index, [workflow, projectId, status]] of facts.entries())
      await store.write((transaction) => transaction.insertExecution({ ...execution(`e${index}`), workflow, projectId, status }));
    await store.write((transaction) => transaction.updateExecution('e0', { status: 'completed' }, 2));
    const lost = store.write((transaction) => {
      transaction.insertExecution({ ...execution('lost'), projectId: 'new' });
      transaction.updateExecution('e2', { status: 'completed' }, 2);
      throw new RangeError('no');
    });
    await assert.rejects(lost, RangeError);
    const found = (query: Partial<ExecutionQuery>): [string[], number] => {
      const { executions, total } = store.read.executions({ limit: 2, ...query });
      return [executions.map(({ id }) => id), total];
    };
    assert.deepEqual(found({}), [['e3', 'e2'], 4]);
    assert.deepEqual(found({ status: 'completed' }), [['e3', 'e1'], 3]);
    assert.deepEqual(found({ status: 'completed', offset: 2 }), [['e0'], 3]);
    assert.deepEqual(found({ workflow: 'w', projectId: 'p' }), [['e3', 'e0'], 2]);
    assert.deepEqual(found({ projectId: 'new' }), [[], 0]);
    assert.deepEqual(found({ status: 'failed', workflow: 'v' }), [['e2'], 1]);
  });

  it('pages through what many groups have, in the order of all of them', async () => {
    await using store = open(newDir());
    await store.write((transaction) => transaction.putDefinition(definition));
    await store.write((transaction) => {
      // One group has the newest ten, the others one each and older.
      for (let index = 0; index < 30; index += 1) {
        const projectId = index < 20 ? `p${index}` : 'p0';
        transaction.insertExecution({ ...execution(`e${index}`), projectId, status: index === 5 ? 'failed' : 'completed' });
      }
    });
    const ids: string[] = [];
    for (let offset = 0; offset < 40; offset += 4)
      ids.push(...store.read.executions({ status: 'completed', limit: 4, offset }).executions.map(({ id }) => id));
    const expected = Array.from({ length: 30 }, (_, index) => `e${29 - index}`).filter((id) => id !== 'e5');
    assert.deepEqual(ids, expected);

    // By cursor the pages are the same although one more begins after each.
    const seen: string[] = [];
    for (let before: number | null | undefined; before !== null;) {
      const page: ExecutionPage = store.read.executions({
        status: 'completed',
        limit: 4,
        ...(before === undefined ? {} : { before }),
      });
      seen.push(...page.executions.map(({ id }) => id));
      before = page.next;
      await store.write((transaction) =>
        transaction.insertExecution({ ...execution(`later${seen.length}`), projectId: 'p0', status: 'completed' }),
      );
    }
    assert.deepEqual(seen, expected);
  });
});
