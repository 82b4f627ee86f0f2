import { PlatformError } from '@loopwright/protocol';
import { requireRun } from './create-run.ts';
import { type Asked, requestId } from './request-id.ts';
import type { RunParts } from './run-parts.ts';
import type { RunTable } from './run-tables.ts';

/**
 * Begins a failed run again at what failed, as another execution that shares everything else; gives the run. Nobody has to advance again: the
 * gate that was passed stays passed. The same key again is the same retry. Throws INVALID_STATE for a run that has not failed.
 */
export async function retryRun(parts: RunParts, run: RunTable, asked: Asked): Promise<RunTable> {
  const to = requestId(parts, asked, `retry ${run.run_id}`);
  const executions = await parts.store.executions(run.run_id);
  if (executions.some(({ execution_id }) => execution_id === to)) return run;
  if (run.status !== 'failed') {
    throw new PlatformError('INVALID_STATE', `Cannot retry the run: it is ${run.status}, not failed`, {
      details: { status: run.status },
    });
  }
  const begin = { from: run.execution_id, to, reason: 'retry', at: parts.clock.now() } as const;
  if (!(await parts.store.replaceExecution(run.run_id, begin)))
    throw new PlatformError('CONFLICT', 'Cannot retry the run: somebody else was first');
  try {
    await beginRetry(parts, { from: run.execution_id, to, by: asked.by });
  } catch (error) {
    await parts.store.restoreExecution(run, to);
    throw error;
  }
  const next = await requireRun(parts, run.run_id);
  await parts.tracker.track(next);
  return next;
}

/** Begins the execution of a retry that is stored; safe to repeat. */
export async function beginRetry(
  { engine }: Pick<RunParts, 'engine'>,
  { from, to, by }: { from: string; to: string; by: string },
): Promise<void> {
  await engine.operations.retry({ executionId: from, newId: to, startedBy: by });
}
