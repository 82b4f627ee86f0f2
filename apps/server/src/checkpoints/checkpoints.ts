import { type CheckpointComparison, type CheckpointDetail, type CheckpointView, PlatformError } from '@loopwright/protocol';
import { type CaptureRequest, type CheckpointParts, captureCheckpoint, objectsOf } from './capture-checkpoint.ts';
import type { CheckpointTable } from './checkpoint-tables.ts';
import { checkpointView } from './checkpoint-view.ts';
import { type ComparedSide, compareCheckpoints } from './compare-checkpoints.ts';
import { type Manifest, readManifest } from './manifest.ts';

/** The checkpoints of runs: made, read and compared. */
export class Checkpoints {
  readonly #parts: CheckpointParts;

  constructor(parts: CheckpointParts) {
    this.#parts = parts;
  }

  /** Makes a checkpoint; see {@link captureCheckpoint}. */
  capture(request: CaptureRequest): Promise<CheckpointTable> {
    return captureCheckpoint(this.#parts, request);
  }

  /** The checkpoints of a run, the oldest first, those that a rollback left behind too. */
  async list(runId: string): Promise<CheckpointView[]> {
    return (await this.#parts.store.ofRun(runId)).map(checkpointView);
  }

  /** One checkpoint with its files. Throws CHECKPOINT_NOT_FOUND, INVALID_STATE when the workspace of the run was removed, STORE_FAILED. */
  async detail(runId: string, checkpointId: string): Promise<CheckpointDetail> {
    const { view, manifest } = await this.#side(runId, checkpointId);
    return { ...view, manifest: [...manifest] };
  }

  /** What two checkpoints of a run differ in. Throws as {@link detail} does. */
  async compare(runId: string, { from, to }: { from: string; to: string }): Promise<CheckpointComparison> {
    const sides = { from: await this.#side(runId, from), to: await this.#side(runId, to) };
    return compareCheckpoints(sides, objectsOf(this.#parts, runId));
  }

  async #side(runId: string, checkpointId: string): Promise<ComparedSide> {
    const row = await this.#parts.store.require(runId, checkpointId);
    return { view: checkpointView(row), manifest: await manifestOf(this.#parts, row) };
  }
}

/** The files of a checkpoint. Throws INVALID_STATE when the workspace of the run was removed, STORE_FAILED when the list is damaged. */
export async function manifestOf(
  parts: Pick<CheckpointParts, 'workspaces' | 'random'>,
  { run_id, manifest }: Pick<CheckpointTable, 'run_id' | 'manifest'>,
): Promise<Manifest> {
  const objects = objectsOf(parts, run_id);
  if (await objects.has(manifest)) return readManifest(manifest, objects);
  throw new PlatformError('INVALID_STATE', 'Cannot read the checkpoint: the workspace of the run is not kept any more');
}
