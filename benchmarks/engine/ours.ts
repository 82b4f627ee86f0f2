import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Engine, defineFunction, loadDefinition } from '@loopwright/engine';
import { systemClock, systemRandom } from '@loopwright/protocol';
import { z } from 'zod';
import { type Durability, type Parked, RESULT, STEPS, type Subject } from './subject.ts';

/** The embedded engine with the workflows of the benchmark, and the folder it lies in. */
export interface OurEngine extends Required<Subject> {
  readonly engine: Engine;
}

/** Opens the embedded engine: `six` has six steps, `asks` a step, a question and a step. */
export async function openEngine(durability: Durability, dir: string): Promise<OurEngine> {
  const woken = new Map<string, () => void>();
  const note = defineFunction({
    description: 'Gives a small result',
    arguments: z.strictObject({}),
    run: ({ step, execution, taskName }) =>
      step(async () => {
        if (taskName === 'after') woken.get(execution.executionId)?.();
        return RESULT;
      }),
  });
  const engine = new Engine({ dir, durability, clock: systemClock, random: systemRandom, functions: { note } });
  const six = Array.from({ length: STEPS }, (_, index) => `  - step${index}: { call: note }`).join('\n');
  const ask = '{ call: accept, with: { title: Go on?, doc_type: offer, subject: tea } }';
  const asks = `  - before: { call: note }\n  - ask: ${ask}\n  - after: { call: note }`;
  for (const [name, tasks] of Object.entries({ six, asks })) {
    const head = `document: { dsl: '1.0.0', namespace: bench, name: ${name}, version: '1.0.0' }`;
    await engine.register(loadDefinition(`${head}\ndo:\n${tasks}`, engine.functions));
  }
  engine.recover();
  const start = async (workflow: string, awaited: string): Promise<string> => {
    const executionId = systemRandom.uuid();
    const seen = new Promise<void>((resolve) => {
      const end = engine.subscribe(executionId, ({ type }) => {
        if (type !== awaited) return;
        end();
        resolve();
      });
    });
    await engine.start({ executionId, workflow, projectId: 'bench', input: {}, startedBy: 'bench' });
    await seen;
    return executionId;
  };
  return {
    engine,
    run: async () => void (await start('six', 'completed')),
    park: async (): Promise<Parked> => {
      const executionId = await start('asks', 'waiting_acceptance');
      return {
        wake: async () => {
          const goesOn = new Promise<void>((resolve) => woken.set(executionId, resolve));
          const by = { answerId: executionId, answeredBy: 'bench' };
          await engine.answer({ executionId, step: 'ask' }, { kind: 'acceptance', accepted: true }, by);
          await goesOn;
          woken.delete(executionId);
        },
      };
    },
    close: async () => {
      await engine.close(1000);
      return rowsOfARun(join(dir, 'engine.db'));
    },
  };
}

/** Opens the engine in a folder that goes when it is closed. */
export async function open(durability: Durability): Promise<Subject> {
  const dir = mkdtempSync(join(tmpdir(), 'loopwright-bench-'));
  const { run, park, close } = await openEngine(durability, dir);
  const closeAndRemove = async (): Promise<Readonly<Record<string, number>> | undefined> => {
    const rows = await close();
    rmSync(dir, { recursive: true });
    return rows;
  };
  return { run, park, close: closeAndRemove };
}

/** The rows that one run of `six` leaves, the events in them and the characters of its history. */
export function rowsOfARun(file: string): Readonly<Record<string, number>> {
  const database = new DatabaseSync(file, { readOnly: true });
  const one = (sql: string): number => Number(Object.values(database.prepare(sql).get() ?? {})[0] ?? 0);
  const no = one(`SELECT max(no) FROM executions WHERE workflow = 'six' AND status = 'completed'`);
  const rows = {
    executions: no === 0 ? 0 : 1,
    history: one(`SELECT count(*) FROM history WHERE execution = ${no}`),
    characters: one(
      `SELECT sum(length(coalesce(events, '')) + length(coalesce(results, ''))) FROM history WHERE execution = ${no}`,
    ),
    journal: one(`SELECT count(*) FROM journal WHERE execution = ${no}`),
    events: one(`SELECT sum(json_array_length(events)) FROM history WHERE execution = ${no}`),
  };
  database.close();
  return rows;
}
