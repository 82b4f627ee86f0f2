// OpenWorkflow on SQLite (`node:sqlite`, synchronous FULL as it opens it).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { OpenWorkflow } from 'openworkflow';
import { BackendSqlite } from 'openworkflow/sqlite';
import { RESULT, STEPS } from '../subject.ts';

/** It only tells by being asked: one shared question each 5 ms for all that wait, which is in its favour. */
const ASK_MS = 5;

export async function open() {
  const dir = mkdtempSync(join(tmpdir(), 'loopwright-bench-'));
  const file = join(dir, 'openworkflow.db');
  const backend = BackendSqlite.connect(file);
  const ow = new OpenWorkflow({ backend });
  const woken = new Map();
  const six = ow.defineWorkflow({ name: 'six' }, async ({ step }) => {
    for (let index = 0; index < STEPS; index += 1) await step.run({ name: `step${index}` }, async () => RESULT);
    return RESULT;
  });
  const asks = ow.defineWorkflow({ name: 'asks' }, async ({ step, input }) => {
    await step.run({ name: 'before' }, async () => RESULT);
    await step.waitForSignal({ name: 'ask', signal: input.id, timeout: '1 hour' });
    await step.run({ name: 'after' }, async () => {
      woken.get(input.id)?.();
      return RESULT;
    });
  });
  const worker = ow.newWorker({ concurrency: 100 });
  await worker.start();
  const reader = new DatabaseSync(file, { readOnly: true });
  const table = reader.prepare(`SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%workflow_runs'`).get().name;
  const steps = reader.prepare(`SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%step_attempts'`).get().name;
  const waiting = new Map();
  const ended = reader.prepare(`SELECT status FROM "${table}" WHERE id = ?`);
  const asking = setInterval(() => {
    for (const [id, done] of waiting) {
      const status = ended.get(id)?.status;
      if (status !== 'completed' && status !== 'succeeded' && status !== 'failed') continue;
      waiting.delete(id);
      done(status);
    }
  }, ASK_MS);
  const isAsking = reader.prepare(
    `SELECT 1 FROM "${steps}" WHERE workflow_run_id = ? AND kind = 'signal-wait' AND status = 'running'`,
  );
  return {
    run: async () => {
      const { workflowRun } = await six.run({});
      const status = await new Promise((done) => void waiting.set(workflowRun.id, done));
      if (status === 'failed') throw new Error('Cannot run the workflow: it failed');
    },
    park: async () => {
      const id = crypto.randomUUID();
      const { workflowRun } = await asks.run({ id });
      while (isAsking.get(workflowRun.id) === undefined) await new Promise((done) => void setTimeout(done, ASK_MS));
      return {
        wake: async () => {
          const goesOn = new Promise((done) => void woken.set(id, done));
          await ow.sendSignal({ signal: id, data: { accepted: true } });
          await goesOn;
        },
      };
    },
    close: async () => {
      clearInterval(asking);
      await worker.stop();
      reader.close();
      await backend.stop();
      rmSync(dir, { recursive: true, force: true });
      return undefined;
    },
  };
}
