import type { PhaseTasks } from '../runs/profile/weave-phases.ts';

/** The tasks that keep the state of a run before and after each phase; the phase gets what it would without them. */
export const CHECKPOINT_TASKS: PhaseTasks = {
  before: (phase) => [checkpointTask(phase, 'pre')],
  after: (phase) => [checkpointTask(phase, 'post')],
};

function checkpointTask(phase: string, type: 'pre' | 'post'): ReturnType<NonNullable<PhaseTasks['before']>>[number] {
  return { [`checkpoint-${type}-${phase}`]: { call: 'checkpoint', with: { phase, type }, output: { as: '${ $input }' } } };
}
