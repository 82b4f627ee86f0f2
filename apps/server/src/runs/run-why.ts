import type { Execution, Why } from '@loopwright/engine';
import type { RunParts } from './run-parts.ts';
import type { RunTable } from './run-tables.ts';
import { recordedState } from './state/recorded-state.ts';

/** Why the execution of a run does not move: a gate that is open is said in the words of runs, everything else as the engine says it. */
export function explainRun(
  { read, operations }: Pick<RunParts['engine'], 'read' | 'operations'>,
  execution: Execution,
  run: Pick<RunTable, 'run_id' | 'execution_id'>,
): Why {
  const why = operations.why(execution);
  const gate = recordedState(read, run)?.gate ?? null;
  // What is done to the execution is done to the run as well, under its own name.
  const unblock = why.unblock?.replace(`/executions/${execution.id}/re`, `/runs/${run.run_id}/re`) ?? null;
  if (gate === null || execution.status !== 'running') return { ...why, unblock };
  const since = why.waiting_for.find(({ kind }) => kind === 'event')?.['since'] ?? why.since;
  return {
    ...why,
    waiting_for: [{ kind: 'advance', phase: gate, since }],
    unblock: `POST /api/v1/runs/${run.run_id}/next`,
    sentence: `It waits for somebody to advance to ${gate}.`,
  };
}
