import { messageOf } from '@loopwright/protocol';
import { startRun } from './create-run.ts';
import { beginRetry } from './retry-run.ts';
import type { RunParts } from './run-parts.ts';
import type { RunTable } from './run-tables.ts';

/** Takes up every run that has not ended, and completes what a crash cut off between a run and its execution. */
export async function recoverRuns(parts: RunParts): Promise<void> {
  for (const runId of await parts.store.open()) {
    const stored = await parts.store.find(runId);
    if (stored === undefined) continue;
    try {
      await completeStart(parts, stored.run);
    } catch (error) {
      parts.log.error({ err: error, run_id: runId }, `Cannot begin the run: ${messageOf(error)}`);
      await fail(parts, stored.run, messageOf(error));
      continue;
    }
    await parts.tracker.track(stored.run);
  }
  await parts.tracker.refreshAll();
}

async function completeStart(parts: RunParts, run: RunTable): Promise<void> {
  if (parts.engine.read.status(run.execution_id) !== undefined) return;
  const executions = await parts.store.executions(run.run_id);
  const [before, last] = executions.slice(-2);
  if (last?.reason === 'retry' && before !== undefined)
    await beginRetry(parts, { from: before.execution_id, to: last.execution_id, by: run.created_by });
  else if (before?.reason === 'start' && last === undefined) await startRun(parts, run);
}

/** What it was to work by is not there any more: nobody was told that the run is there, or it cannot go on. */
async function fail({ store, clock }: RunParts, run: RunTable, error: string): Promise<void> {
  const stored = await store.find(run.run_id);
  const now = clock.now();
  const phases = (stored?.phases ?? []).map(({ run_id: _run, ...phase }) => phase);
  const { current_phase } = run;
  await store.project(run.run_id, run.execution_id, {
    status: 'failed',
    current_phase,
    updated_at: now,
    completed_at: now,
    error,
    phases,
  });
}
