import type { HumanTaskContext } from '@loopwright/protocol';
import { phaseTitle } from '../../shared/ui/phase-title.ts';

/** What waits for the answer, in one sentence. */
export function heldUpText({
  run,
  holds_up: { executions, phases, is_paused: isPaused },
}: Pick<HumanTaskContext, 'run' | 'holds_up'>): string {
  const what = run === null ? counted(executions, 'execution') : (run.project_name ?? run.run_id);
  const above = run !== null && executions > 1 ? ` and ${counted(executions - 1, 'execution')} in it` : '';
  const next = phases[0];
  const toCome =
    next === undefined
      ? run === null
        ? ''
        : ', in its last phase'
      : `, with ${phases.length === 1 ? phaseTitle(next) : `${phases.length} phases`} to come`;
  const verb = executions === 1 ? 'waits' : 'wait';
  return `${what}${above} ${verb}${toCome}${isPaused ? '; it is paused, so an answer lets nothing go on yet' : ''}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
