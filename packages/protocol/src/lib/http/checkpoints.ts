import { z } from 'zod';
import { jsonSchema } from '../json/json.ts';
import { gateResultSchema } from './governance.ts';
import { nextCursorSchema } from './pages.ts';

/** Where a run stood when a checkpoint was made. */
export const checkpointStateSchema = z.object({
  current_phase: z.string(),
  completed_phases: z.array(z.string()),
  execution_id: z.string(),
  /** Entries of the journal of the execution. */
  journal_entries: z.int(),
  /** The last event of the execution. */
  last_event: z.int(),
  definition_digest: z.string(),
  tokens: z.int().nullable(),
  cost_usd: z.number().nullable(),
});

/** The state of a run before or after a phase. */
export const checkpointSchema = z.object({
  /** `PRE_planning_v1` */
  checkpoint_id: z.string(),
  run_id: z.string(),
  phase: z.string(),
  checkpoint_type: z.enum(['pre', 'post']),
  /** From 1; raised each time a phase is come to again. */
  version: z.int(),
  created_at: z.string(),
  duration_ms: z.int(),
  /** Digest of the list of files. */
  manifest_digest: z.string(),
  files: z.int(),
  bytes: z.int(),
  /** Why the files could not all be kept: nobody can roll back to it. `null` when they were. */
  incomplete: z.string().nullable(),
  state: checkpointStateSchema,
  /** The gates of the last check of each phase so far. */
  governance: z.record(
    z.string(),
    z.array(gateResultSchema.pick({ gate_id: true, status: true, actual: true, threshold: true })),
  ),
  parent_checkpoint_id: z.string().nullable(),
  /** The rollback that left it behind; `null` while it is part of the run. */
  archived_by: z.string().nullable(),
});
export type CheckpointView = z.infer<typeof checkpointSchema>;

/** What the pages of a list say besides their entries; `total` is of all of them. */
const pageFields = { total: z.int(), next_cursor: nextCursorSchema };

/** `GET /runs/{run_id}/checkpoints`, the oldest first. */
export const checkpointListSchema = z.object({ checkpoints: z.array(checkpointSchema), ...pageFields });

const manifestFileSchema = z.object({ path: z.string(), digest: z.string(), bytes: z.int() });

/** `GET /runs/{run_id}/checkpoints/{checkpoint_id}` */
export const checkpointDetailSchema = checkpointSchema.extend({ manifest: z.array(manifestFileSchema) });
export type CheckpointDetail = z.infer<typeof checkpointDetailSchema>;

/** `GET /runs/{run_id}/checkpoints/compare?from=&to=` */
export const checkpointComparisonSchema = z.object({
  run_id: z.string(),
  from: z.string(),
  to: z.string(),
  files: z.object({
    added: z.array(manifestFileSchema),
    removed: z.array(manifestFileSchema),
    changed: z.array(
      z.object({
        path: z.string(),
        from: manifestFileSchema,
        to: manifestFileSchema,
        /** Unified diff; `null` for what is no text or too large, and `diff_reason` says which. */
        diff: z.string().nullable(),
        diff_reason: z.string().nullable(),
      }),
    ),
    unchanged: z.int(),
  }),
  state: z.array(z.object({ member: z.string(), from: jsonSchema, to: jsonSchema })),
  gates: z.array(
    z.object({
      phase: z.string(),
      gate_id: z.string(),
      from: z.object({ status: z.string(), actual: z.number().nullable() }).nullable(),
      to: z.object({ status: z.string(), actual: z.number().nullable() }).nullable(),
    }),
  ),
});
export type CheckpointComparison = z.infer<typeof checkpointComparisonSchema>;

/** `POST …/{checkpoint_id}/rollback` */
export const rollbackRequestSchema = z.strictObject({ reason: z.string().trim().min(1).max(2000).optional() });

/** What was put aside by a rollback, and where the run goes on. */
export const rollbackSchema = z.object({
  rollback_id: z.string(),
  run_id: z.string(),
  checkpoint_id: z.string(),
  state: z.enum(['begun', 'done', 'undone']),
  from_execution: z.string(),
  to_execution: z.string(),
  /** The task that the new execution begins at. */
  task: z.string(),
  reason: z.string().nullable(),
  requested_by: z.string(),
  created_at: z.string(),
  ended_at: z.string().nullable(),
  /** Folder in the workspace that has everything as it was. */
  archive: z.string(),
  /** Files of the archive that the checkpoint has not, or has with another content. */
  archived_files: z.array(z.string()),
  /** How many there are, listed or not. */
  archived_files_total: z.int(),
  archived_checkpoints: z.array(z.string()),
});
export type Rollback = z.infer<typeof rollbackSchema>;

/** `GET /runs/{run_id}/rollbacks`, the oldest first. */
export const rollbackListSchema = z.object({ rollbacks: z.array(rollbackSchema), ...pageFields });
