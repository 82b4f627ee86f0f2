import type { PhaseStatus, RunMode, RunStatus } from '@loopwright/protocol';

/** What was asked for, and the projection of where it stands. Times in milliseconds since 1970 UTC; JSON as text. */
export interface RunTable {
  readonly run_id: string;
  /** Name of the profile, which is the name of the workflow that it is registered as. */
  readonly profile: string;
  readonly project_id: string;
  readonly project_name: string;
  readonly intake: string | null;
  readonly metadata: string;
  readonly inputs: string;
  /** What the execution may use; `null` for what the profile or the server says. */
  readonly budget: string | null;
  readonly mode: RunMode;
  readonly created_by: string;
  readonly created_at: number;
  readonly cloned_from: string | null;
  /** Digest of the request: the same id with another request is a conflict. */
  readonly request_digest: string;
  /** The execution that the run is now: that of its last retry or rollback. */
  readonly execution_id: string;
  readonly status: RunStatus;
  readonly current_phase: string;
  readonly updated_at: number;
  readonly completed_at: number | null;
  readonly error: string | null;
  /** When retention removed its workspace. */
  readonly workspace_removed_at: number | null;
  /** 1 when `state.json` says what the run came to in the end; of use for runs that have ended only. */
  readonly state_exported: 0 | 1;
}

/** A phase of a run, in the order of `position` (from 0). */
export interface RunPhaseTable {
  readonly run_id: string;
  readonly position: number;
  readonly phase: string;
  readonly status: PhaseStatus;
  readonly started_at: number | null;
  readonly completed_at: number | null;
  /** Who advanced to it; `auto` in a run that advances by itself. */
  readonly advanced_by: string | null;
  /** 1 when whoever advanced asked to skip the phase's gates. */
  readonly skip_validation: number;
  /** JSON array of the agents that the profile names and of those that reported what they used. */
  readonly agents: string;
  /** JSON array of `RecordedUsage`. */
  readonly usage: string;
  readonly error: string | null;
}

/** Which run an execution belongs to. */
export interface RunExecutionTable {
  readonly execution_id: string;
  readonly run_id: string;
  /** From 1, in the order in which they were begun. */
  readonly number: number;
  readonly reason: 'start' | 'retry' | 'rollback';
  readonly created_at: number;
}
