import type { Why } from '@loopwright/engine';
import type { RunTable } from './run-tables.ts';

/** Why a run does not move: a gate that is open is said in the words of runs, everything else as the engine says it. */
export function explainRun(
  why: Why,
  { run_id, execution_id }: Pick<RunTable, 'run_id' | 'execution_id'>,
  gate: string | null,
): Why {
  // What is done to the execution is done to the run as well, under its own name.
  const unblock = why.unblock?.replace(`/executions/${execution_id}/re`, `/runs/${run_id}/re`) ?? null;
  if (gate === null || why.state !== 'running') return { ...why, unblock };
  const since = why.waiting_for.find(({ kind }) => kind === 'event')?.['since'] ?? why.since;
  return {
    ...why,
    waiting_for: [{ kind: 'advance', phase: gate, since }],
    unblock: `POST /api/v1/runs/${run_id}/next`,
    sentence: `It waits for somebody to advance to ${gate}.`,
  };
}
