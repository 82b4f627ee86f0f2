import type { CheckpointView, ExecutionResponse, RunDetail } from '@loopwright/protocol';

/** What going back to a checkpoint does to a run. */
export interface GoingBack {
  /** The phase that the run begins again at. */
  readonly phase: string;
  /** Phases whose results stay. */
  readonly kept: readonly string[];
  /** Phases that had begun and are done again, with the steps that are recorded of them. */
  readonly again: readonly { readonly phase: string; readonly steps: readonly string[] }[];
}

type Steps = readonly Pick<ExecutionResponse['step_progress'][number], 'key' | 'step_id'>[];

/** What going back does; nothing for a checkpoint that nobody can go back to. A run begins again at a phase, as the server has it, never at a task inside one. */
export function goingBack(
  { phase, checkpoint_type: type, archived_by, incomplete }: CheckpointView,
  { phases }: Pick<RunDetail, 'phases'>,
  steps: Steps,
): GoingBack | undefined {
  if (archived_by !== null || incomplete !== null) return undefined;
  const at = phases.findIndex((one) => one.phase === phase);
  const first = type === 'pre' ? at : phases.findIndex(({ status }, position) => position > at && status !== 'skipped');
  const next = phases[first];
  if (at === -1 || next === undefined) return undefined;
  return {
    phase: next.phase,
    kept: phases.slice(0, first).flatMap((one) => (one.status === 'skipped' ? [] : [one.phase])),
    again: phases
      .slice(first)
      .filter(({ started_at: began }) => began !== null)
      .map((one) => ({ phase: one.phase, steps: stepsOf(one.phase, steps) })),
  };
}

/** The steps inside a phase, each once. */
function stepsOf(phase: string, steps: Steps): string[] {
  const inside = steps.filter(({ key }) => /^[^/@]+/.exec(key)?.[0] === phase && key !== phase);
  return [...new Set(inside.map(({ step_id: name }) => name))];
}
