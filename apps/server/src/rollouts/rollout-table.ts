import type { RolloutMode, RolloutStatus } from '@loopwright/protocol';

/** A rollout. Times in milliseconds since 1970 UTC; JSON as text. */
export interface RolloutTable {
  readonly rollout_id: string;
  readonly program: string;
  /** Whose requests are shared. */
  readonly alias: string;
  readonly mode: RolloutMode;
  readonly incumbent: number;
  readonly candidate: number;
  readonly status: RolloutStatus;
  readonly status_reason: string | null;
  /** Who paused it; `rules` when the rules did, which also let it go on. */
  readonly paused_by: string | null;
  /** Index of the stage. */
  readonly stage: number;
  readonly stage_started_at: number;
  /** Requests that the candidate had got when the stage began. */
  readonly stage_from_requests: number;
  readonly settings: string;
  readonly evidence: string;
  readonly history: string;
  readonly comment: string | null;
  readonly created_by: string;
  readonly created_at: number;
  readonly completed_at: number | null;
  readonly revision: number;
}
