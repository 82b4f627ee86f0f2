import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { type Json, seededRandom, systemClock } from '@loopwright/protocol';
import { z } from 'zod';
import { examineStore } from '../doctor/examine-store.ts';
import { Engine } from '../embedded/engine.ts';
import { countingFunctions, journalDir, until, untilStatus } from '../embedded/engine-fixture.ts';
import { defineFunction } from '../interpreter/call-function.ts';
import { PARKED_WORKFLOWS, parkedId } from './fixtures/parked-workflows.ts';

const read = (path: string): string => readFileSync(join(import.meta.dirname, path), 'utf8');

/** A folder with the store that a program of an earlier schema left, an execution parked in every state. */
function storeOfSchema(version: number): string {
  const dir = journalDir();
  const database = new DatabaseSync(join(dir, 'engine.db'));
  const names = readdirSync(join(import.meta.dirname, 'migrations'))
    .sort()
    .slice(0, version);
  const schema = names.map((name) => read(`migrations/${name}`)).join('\n');
  database.exec(`BEGIN; ${schema} ${read(`fixtures/parked-v${version}.sql`)} PRAGMA user_version = ${version}; COMMIT;`);
  database.close();
  return dir;
}

/** The events that a store of an earlier schema has, as they are read. */
function eventsIn(dir: string): unknown[] {
  const database = new DatabaseSync(join(dir, 'engine.db'), { readOnly: true });
  const rows = database
    .prepare('SELECT id, seq, type, step, at, data FROM events JOIN executions ON no = execution ORDER BY no, seq')
    .all();
  database.close();
  return rows.map(({ id, seq, type, step, at, data }) => ({
    executionId: id,
    seq,
    type,
    step,
    at,
    data: JSON.parse(String(data)) as Json,
  }));
}

for (const version of [2, 8]) {
  describe(`a store of schema ${version}`, () => {
    it('is brought up to date, and every parked execution goes on to its end without repeating a recorded step', async () => {
      const { functions, runs } = countingFunctions();
      // The first try failed in the process before.
      runs.set('risky', 1);
      const keys: string[] = [];
      const work = defineFunction({
        description: 'Was under way when the process before ended',
        arguments: z.strictObject({ id: z.string() }),
        run: ({ step }) =>
          step(async ({ idempotencyKey }) => {
            keys.push(idempotencyKey);
            return 'worked';
          }),
      });
      const dir = storeOfSchema(version);
      const told = eventsIn(dir);
      const examined = examineStore({
        dir,
        durability: 'process',
        functions: [...Object.keys(functions), 'work'],
        clock: systemClock,
      });
      assert.deepEqual(
        examined.filter(({ severity, check }) => severity !== 'info' && check !== 'permissions' && check !== 'disk-space'),
        [],
      );
      await using engine = new Engine({
        dir,
        durability: 'process',
        clock: systemClock,
        random: seededRandom(1),
        functions: { ...functions, work },
      });
      const by = { answerId: 'late', answeredBy: 'bob' };
      const acceptance = { kind: 'acceptance', accepted: true } as const;
      const give = (name: string, answer: Parameters<Engine['answer']>[1]): Promise<unknown> =>
        engine.answer({ executionId: parkedId(name) }, answer, by);
      const events = [...PARKED_WORKFLOWS.keys()].flatMap((name) => engine.read.events(parkedId(name), 0, 1000));
      assert.deepEqual(events, told);
      engine.recover();
      await give('clarification', { kind: 'clarification', answers: { NUMBER: 7 } });
      await give('acceptance', acceptance);
      await give('forked', acceptance);
      await give('paused-question', acceptance);
      await engine.resume(parkedId('paused-question'), 'ann');
      await engine.resume(parkedId('paused'), 'ann');
      const paused = engine.read.entry(parkedId('paused'), 'nap');
      assert.ok((paused?.dueAt ?? 0) - systemClock.now() > 3_500_000, 'what was left of the timer starts again');
      await engine.publish({ specversion: '1.0', id: 'e2', source: 'test', type: 'second' });
      await engine.publish({ specversion: '1.0', id: 'e3', source: 'test', type: 'rung' });

      for (const name of PARKED_WORKFLOWS.keys()) {
        if (name === 'paused') continue;
        const { output } = await untilStatus(engine, parkedId(name), 'completed');
        assert.deepEqual(output, { noted: 'after' } satisfies Json, name);
      }
      await until(engine, parkedId('paused'), ({ status }) => status === 'running');
      assert.equal(runs.get('before'), undefined, 'a recorded step ran again');
      assert.equal(runs.get('left'), undefined);
      assert.deepEqual([runs.get('round-1'), runs.get('round-2'), runs.get('round-3')], [undefined, undefined, 1]);
      assert.deepEqual(keys, [`${parkedId('running')}:work`]);
      const review = engine.read.humanTasks({ executionId: parkedId('answered-early'), limit: 1 })[0];
      assert.deepEqual([review?.answerId, review?.answeredBy], ['early', 'bob']);
      assert.equal(engine.read.humanTasks({ executionId: parkedId('deadline'), limit: 1 })[0]?.state, 'expired');
    });
  });
}
