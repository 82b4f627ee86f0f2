import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import type { Json } from '@loopwright/protocol';
import { journalDir } from '../embedded/engine-fixture.ts';
import type { Execution, ExecutionStatus, ProjectScope, StoredHumanTask } from '../execution/execution.ts';
import { SqliteStore } from './sqlite-store.ts';

const PROJECTS = 3000;
const STATUSES: readonly ExecutionStatus[] = ['waiting_acceptance', 'completed', 'paused'];

function execution(index: number): Execution {
  const id = `e${index}`;
  const status = STATUSES[index % STATUSES.length] ?? 'completed';
  const times = { statusSince: 1, createdAt: index, updatedAt: 1, completedAt: status === 'completed' ? 2 : null };
  const state = { status, currentStep: null, input: {}, output: null, error: null, parent: null, depth: 0 };
  const pin = { version: '1.0.0', definitionDigest: 'd', requestDigest: 'r' };
  return { id, workflow: 'w', projectId: `p${Math.floor(index / 3)}`, startedBy: 'ann', ...pin, ...state, ...times };
}

function question(index: number): StoredHumanTask {
  const answer = { answeredAt: null, answeredBy: null, answerId: null, answer: null };
  const what = { kind: 'acceptance', request: {}, subjectDigest: 's', state: 'open', expiresAt: null } as const;
  return { id: `t${index}`, executionId: `e${index}`, key: 'k', step: 'k', workflow: 'w', createdAt: index, ...what, ...answer };
}

let dir: string;
let store: SqliteStore;
before(async () => {
  dir = journalDir();
  store = new SqliteStore({ dir, durability: 'process', onEvents: () => undefined });
  await store.write((transaction) => {
    transaction.putDefinition({ digest: 'd', name: 'w', version: '1.0.0', source: {}, createdAt: 1 });
    for (let index = 0; index < PROJECTS * 3; index += 1) {
      transaction.insertExecution(execution(index));
      if (index % 3 === 0) transaction.insertHumanTask(question(index));
    }
  });
});
after(() => store[Symbol.asyncDispose]());

const ids = (executions: readonly Execution[]): string[] => executions.map(({ id }) => id);

describe('a scope of projects, where there are thousands', () => {
  it('holds back and counts exactly the executions of the others', () => {
    const { read } = store;
    const two: ProjectScope = { only: ['p7', 'p2999', 'nowhere'] };
    const found = read.executions({ projects: two, limit: 4 });
    assert.deepEqual([ids(found.executions), found.total], [['e8999', 'e8998', 'e8997', 'e23'], 6]);
    assert.deepEqual(ids(read.executions({ projects: two, limit: 4, offset: 4 }).executions), ['e22', 'e21']);
    const most: ProjectScope = { except: ['p2999', 'p2998'] };
    const rest = read.executions({ projects: most, limit: 2, status: 'completed' });
    assert.deepEqual([ids(rest.executions), rest.total], [['e8992', 'e8989'], 2998]);
    assert.deepEqual(read.executions({ projects: { only: [] }, limit: 2 }), { executions: [], total: 0, next: null });
    assert.equal(read.executions({ projects: { except: [] }, limit: 1 }).total, 9000);
    const half: ProjectScope = { only: Array.from({ length: PROJECTS / 2 }, (_, index) => `p${index * 2}`) };
    const every = read.executions({ projects: half, limit: 3, offset: 3 });
    assert.deepEqual([ids(every.executions), every.total], [['e8990', 'e8989', 'e8988'], 4500]);
    const aged = read.executions({ projects: two, createdFrom: 22, limit: 10 });
    assert.deepEqual([ids(aged.executions), aged.total], [['e8999', 'e8998', 'e8997', 'e23', 'e22'], 5]);
    assert.deepEqual(read.executions({ projects: two, projectId: 'p8', limit: 1 }), { executions: [], total: 0, next: null });
  });

  it('holds back the questions, the counts, and what is stuck of the others', () => {
    const { read } = store;
    const one: ProjectScope = { only: ['p7'] };
    const tasks = (projects: ProjectScope, limit = 9): string[] =>
      read.humanTasks({ state: 'open', projects, limit }).map(({ id }) => id);
    assert.deepEqual(tasks(one), ['t21']);
    assert.deepEqual(tasks({ except: ['p0', 'p2'] }, 2), ['t3', 't9']);
    assert.deepEqual(read.humanTasks({ executionId: 'e21', state: 'open', projects: { except: ['p7'] }, limit: 9 }), []);
    assert.deepEqual(read.executionCounts('d', 100, one), { waiting_acceptance: 1, completed: 1, paused: 1 });
    assert.deepEqual(ids(read.openOnOther('w', 'other', { limit: 9, projects: one }).executions), ['e21', 'e23']);
    assert.deepEqual(ids(read.withoutWakeUp(10_000, 9, one)), ['e23']);
    assert.deepEqual(read.projects({ after: 'p2998', limit: 2, projects: { except: ['p2999'] } }), ['p3', 'p30']);
    assert.deepEqual(read.openQuestions(one), [{ projectId: 'p7', assignee: null, count: 1 }]);
    assert.equal(read.openQuestions({ except: ['p7'] }).length, PROJECTS - 1);
    assert.deepEqual([read.projectOf('e23'), read.projectOf('nowhere')], ['p7', undefined]);
  });

  it('counts open questions by whom they are for, those of a store from before that are files too', async () => {
    const own = journalDir();
    const large = 'x'.repeat(100_000);
    const asked = (index: number, request: Json): StoredHumanTask => ({ ...question(index), request });
    await using first = new SqliteStore({ dir: own, durability: 'process', onEvents: () => undefined });
    await first.write((transaction) => {
      transaction.putDefinition({ digest: 'd', name: 'w', version: '1.0.0', source: {}, createdAt: 1 });
      for (let index = 0; index < 6; index += 1) transaction.insertExecution(execution(index));
      transaction.insertHumanTask(asked(0, { for: { role: 'admin' } }));
      transaction.insertHumanTask(asked(1, { for: { role: 'admin' }, subject: large }));
      transaction.insertHumanTask(asked(2, { for: { user: 'ann' }, subject: large }));
      transaction.insertHumanTask(asked(3, {}));
      transaction.insertHumanTask(asked(4, {}));
    });
    await first.write((transaction) => transaction.updateHumanTask('t4', { state: 'answered' }));
    const counted = [
      { projectId: 'p0', assignee: { role: 'admin' }, count: 2 },
      { projectId: 'p0', assignee: { user: 'ann' }, count: 1 },
      { projectId: 'p1', assignee: null, count: 1 },
    ];
    assert.deepEqual(first.read.openQuestions(), counted);
    const database = new DatabaseSync(join(own, 'engine.db'));
    // What the migration does with the questions of before.
    const migration = readFileSync(new URL('migrations/0014-assignees.sql', import.meta.url), 'utf8');
    database.exec(/^UPDATE .*$/m.exec(migration)?.[0] ?? '');
    database.close();
    const summed = new Map<string, number>();
    for (const { assignee, count } of first.read.openQuestions())
      summed.set(JSON.stringify(assignee), (summed.get(JSON.stringify(assignee)) ?? 0) + count);
    assert.deepEqual(Object.fromEntries(summed), { '{"role":"admin"}': 2, '{"user":"ann"}': 1, null: 1 });
  });

  it('is asked by indexes: no statement goes through all executions or all questions', ({ mock }) => {
    const { mock: prepared } = mock.method(DatabaseSync.prototype, 'prepare');
    const fresh = new SqliteStore({ dir: journalDir(), durability: 'process', onEvents: () => undefined });
    const scopes: ProjectScope[] = [{ only: ['p1', 'p2'] }, { except: ['p1'] }];
    for (const projects of scopes) {
      fresh.read.executions({ projects, limit: 5 });
      fresh.read.executions({ projects, status: 'paused', workflow: 'w', limit: 5 });
      fresh.read.humanTasks({ projects, state: 'open', limit: 5 });
      fresh.read.executionCounts('d', 5, projects);
      fresh.read.openQuestions(projects);
      fresh.read.projects({ after: '', limit: 5, projects });
    }
    const statements = [...new Set(prepared.calls.map(({ arguments: [sql] }) => sql))].filter((sql) => sql.includes('json_each'));
    const database = new DatabaseSync(join(dir, 'engine.db'), { readOnly: true });
    const scans = statements.flatMap((sql) =>
      database
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all(...Array.from({ length: sql.split('?').length - 1 }, () => null))
        .map(({ detail }) => String(detail))
        .filter((step) => /SCAN (?:executions|human_tasks)|TEMP B-TREE FOR ORDER BY/.test(step))
        .map((step) => `${step} <- ${sql}`),
    );
    database.close();
    assert.ok(statements.length >= 8, String(statements.length));
    assert.deepEqual(scans, []);
    return fresh[Symbol.asyncDispose]();
  });
});
