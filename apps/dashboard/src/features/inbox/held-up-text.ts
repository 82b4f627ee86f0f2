import type { InboxEntry } from '@loopwright/protocol';
import { phaseTitle } from '../../shared/ui/phase-title.ts';

/** What waits for the answer, in one sentence. */
export function heldUpText({
  workflow_id: workflow,
  run,
  holds_up: { executions, phases, is_paused: isPaused },
}: Pick<InboxEntry, 'workflow_id' | 'run' | 'holds_up'>): string {
  const around = executions - 1;
  const others = `${around} ${around === 1 ? 'execution' : 'executions'} that ${around === 1 ? 'runs' : 'run'} it`;
  const what =
    (run === null ? workflow : (run.project_name ?? run.run_id)) + (around === 0 || run !== null ? '' : ` and ${others}`);
  const waits = run === null && around > 0 ? 'wait' : 'waits';
  const paused = isPaused ? '; it is paused, so an answer lets nothing go on yet' : '';
  return `${what} ${waits}${run === null ? '' : toCome(phases)}${paused}`;
}

function toCome([next, ...more]: readonly string[]): string {
  if (next === undefined) return ', in its last phase';
  return `, with ${more.length === 0 ? phaseTitle(next) : `${more.length + 1} phases`} to come`;
}
