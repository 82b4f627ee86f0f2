/** A checkpoint. Times in milliseconds since 1970 UTC; JSON as text. */
export interface CheckpointTable {
  readonly run_id: string;
  /** From 1, in the order in which they were made. */
  readonly number: number;
  /** `PRE_planning_v1`; one of its run. */
  readonly checkpoint_id: string;
  readonly execution_id: string;
  /** Of the journal entry that the checkpoint is recorded under: the same one again is the same checkpoint. */
  readonly key: string;
  readonly phase: string;
  readonly type: 'pre' | 'post';
  readonly version: number;
  readonly created_at: number;
  readonly duration_ms: number;
  /** Digest of the manifest, which is an object of the store. */
  readonly manifest: string;
  readonly files: number;
  readonly bytes: number;
  readonly incomplete: string | null;
  readonly state: string;
  readonly governance: string | null;
  readonly parent_id: string | null;
  readonly archived_by: string | null;
}

/** A rollback of a run to a checkpoint. */
export interface RollbackTable {
  readonly rollback_id: string;
  readonly run_id: string;
  readonly checkpoint_id: string;
  readonly from_execution: string;
  readonly to_execution: string;
  readonly task: string;
  readonly reason: string | null;
  readonly requested_by: string;
  readonly state: 'begun' | 'done' | 'undone';
  /** `{ files, total, checkpoints }` */
  readonly archived: string;
  readonly created_at: number;
  readonly ended_at: number | null;
}
