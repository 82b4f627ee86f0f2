import type { Projection } from '@loopwright/protocol';
import type { RunPhaseTable } from '../run-tables.ts';

/** Completed runs of one profile that figures may rest on, the newest first, and whose they are. */
export interface PastRuns {
  readonly from: Projection['from'];
  /** The phases of each run. */
  readonly runs: readonly (readonly PastPhase[])[];
}

/** What is known of a phase of a run that was completed. */
export type PastPhase = Pick<RunPhaseTable, 'phase' | 'status' | 'started_at' | 'completed_at' | 'usage'>;

/** Where nothing is known of other runs. */
export const NO_PAST_RUNS: PastRuns = { from: 'project', runs: [] };
