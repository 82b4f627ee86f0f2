import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { countingFunctions, journalDir, openEngine, startOne, until, untilStatus } from '../embedded/engine-fixture.ts';
import { explain } from '../execution/why.ts';
import { systemClock } from '@loopwright/protocol';

const EVERYTHING = `
do:
  - one: { call: note, with: { id: one } }
  - ask: { call: accept, with: { title: Go on?, doc_type: plan, subject: {} } }
  - hear: { listen: { to: { any: [{ with: { type: heard } }] } } }
  - part: { run: { workflow: { namespace: test, name: child, version: latest } } }
  - nap: { wait: { milliseconds: 1 } }`;

/** Tables that stay small, however many executions there are. */
const SMALL = /SCAN (?:execution_groups|g|schedules|definitions|CONSTANT ROW)\b/;

describe('the statements of the store', () => {
  it('find what belongs to one execution by its own index, however much others have', async ({ mock }) => {
    const { mock: prepared } = mock.method(DatabaseSync.prototype, 'prepare');
    const { functions } = countingFunctions();
    const dir = journalDir();
    {
      await using engine = await openEngine(dir, functions, { child: 'do: [{ a: { set: { x: 1 } } }]', all: EVERYTHING });
      const { execution } = await startOne(engine, 'all');
      await untilStatus(engine, execution.id, 'waiting_acceptance');
      explain(engine.read, execution, systemClock);
      await engine.pause(execution.id, 'ann');
      await engine.resume(execution.id, 'ann');
      await engine.answer(
        { executionId: execution.id },
        { kind: 'acceptance', accepted: true },
        { answerId: 'a', answeredBy: 'ann' },
      );
      await until(engine, execution.id, () => engine.read.entry(execution.id, 'hear') !== undefined);
      await engine.publish({ id: 'e', source: 's', type: 'heard', data: null });
      await untilStatus(engine, execution.id, 'completed');
      engine.read.executions({ workflow: 'all', status: 'completed', limit: 10 });
      engine.read.executions({ limit: 10 });
      engine.read.humanTasks({ state: 'open', limit: 10 });
      engine.read.eventsAfter(0, { wants: () => true, wantsType: () => true }, 10);
      engine.read.eventOwner(execution.id);
    }
    const statements = new Set(prepared.calls.map(({ arguments: [sql] }) => sql));
    const database = new DatabaseSync(join(dir, 'engine.db'), { readOnly: true });
    const bad: string[] = [];
    for (const sql of statements) {
      if (!/^\s*(?:SELECT|UPDATE|DELETE)/.test(sql)) continue;
      const plan = database
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all(...Array.from({ length: sql.split('?').length - 1 }, () => null));
      for (const { detail } of plan) {
        const step = String(detail);
        const isForeign =
          /execution_id = \?/.test(sql) && /human_tasks USING (?:COVERING )?INDEX human_tasks_by_state/.test(step);
        if (isForeign || (step.startsWith('SCAN ') && !/USING/.test(step) && !SMALL.test(step) && !/LIMIT/.test(sql)))
          bad.push(`${step} <- ${sql}`);
      }
    }
    database.close();
    assert.ok(statements.size > 20);
    assert.deepEqual(bad, []);
  });
});
