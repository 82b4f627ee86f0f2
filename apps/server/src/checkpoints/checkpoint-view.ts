import { type CheckpointView, type Rollback, checkpointSchema, isoTime, rollbackSchema } from '@loopwright/protocol';
import { z } from 'zod';
import type { CheckpointTable, RollbackTable } from './checkpoint-tables.ts';
import { archiveOf } from './restore-workspace.ts';

/** A checkpoint as the API gives it. */
export function checkpointView(row: CheckpointTable): CheckpointView {
  const { checkpoint_id, run_id, phase, type, version, duration_ms, files, bytes, incomplete, parent_id, archived_by } = row;
  return checkpointSchema.parse({
    checkpoint_id,
    run_id,
    phase,
    checkpoint_type: type,
    version,
    created_at: isoTime(row.created_at),
    duration_ms,
    manifest_digest: row.manifest,
    files,
    bytes,
    incomplete,
    state: JSON.parse(row.state),
    governance: JSON.parse(row.governance ?? '{}'),
    parent_checkpoint_id: parent_id,
    archived_by,
  });
}

const archivedSchema = z.object({ files: z.array(z.string()), total: z.int(), checkpoints: z.array(z.string()) });
/** What a rollback leaves behind. */
export type Archived = z.infer<typeof archivedSchema>;

/** A rollback as the API gives it. */
export function rollbackView(row: RollbackTable): Rollback {
  const archived = archivedSchema.parse(JSON.parse(row.archived));
  const { archived: _text, created_at, ended_at, ...rest } = row;
  return rollbackSchema.parse({
    ...rest,
    created_at: isoTime(created_at),
    ended_at: ended_at === null ? null : isoTime(ended_at),
    archive: archiveOf(row.rollback_id),
    archived_files: archived.files,
    archived_files_total: archived.total,
    archived_checkpoints: archived.checkpoints,
  });
}
