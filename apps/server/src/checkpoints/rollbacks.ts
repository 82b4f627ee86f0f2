import { join } from 'node:path';
import { type Engine, isFinal } from '@loopwright/engine';
import { type Clock, PlatformError, type Random, type Rollback, messageOf } from '@loopwright/protocol';
import type { FastifyBaseLogger } from 'fastify';
import { settled } from '../runs/advance-run.ts';
import { type Asked, requestId } from '../runs/request-id.ts';
import { gateOf, profileOf } from '../runs/profile/profile.ts';
import type { RunTable } from '../runs/run-tables.ts';
import type { Runs } from '../runs/runs.ts';
import { recordedState } from '../runs/state/recorded-state.ts';
import type { Workspaces } from '../runs/workspace/workspaces.ts';
import { objectsOf } from './capture-checkpoint.ts';
import type { CheckpointStore } from './checkpoint-store.ts';
import type { CheckpointTable, RollbackTable } from './checkpoint-tables.ts';
import { type Archived, rollbackView } from './checkpoint-view.ts';
import { manifestOf } from './checkpoints.ts';
import { CHECKPOINT_LIMITS } from './limits.ts';
import { type Manifest, captureFiles } from './manifest.ts';
import { type Restoration, stageWorkspace, swapWorkspace, takeBack } from './restore-workspace.ts';

/** How long the gate of the new execution may take to open, in milliseconds; the rollback is done all the same. */
const GATE_MS = 10_000;

/** What rollbacks work with. */
export interface RollbackParts {
  readonly engine: Engine;
  readonly runs: Runs;
  readonly store: CheckpointStore;
  readonly workspaces: Workspaces;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: FastifyBaseLogger;
}

/** Who rolls back, and why. */
export interface RollbackRequest extends Asked {
  readonly reason: string | null;
}

/**
 * Rolls runs back. A rollback is recorded before anything is done, and each of its steps can be repeated: one that a crash cut off is completed by
 * {@link recover}, and one that cannot be is taken back. What came after the checkpoint is moved, never removed.
 */
export class Rollbacks {
  readonly #parts: RollbackParts;
  /** What this process works on, by id: whoever asks again for the same one waits for it. */
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(parts: RollbackParts) {
    this.#parts = parts;
  }

  /** The rollbacks of a run, the oldest first. */
  async list(runId: string): Promise<Rollback[]> {
    return (await this.#parts.store.rollbacksOf(runId)).map(rollbackView);
  }

  /**
   * Puts a run back to where it was at a checkpoint, as a new execution which waits for somebody to advance to the phase that follows. The same key
   * again is the same rollback, also when a crash cut off its answer.
   *
   * @throws CHECKPOINT_NOT_FOUND; PHASE_UNDER_WAY while a phase works; INVALID_STATE for a checkpoint that is archived, incomplete or has nothing
   * behind it, and for a run whose history is compacted; CONFLICT when another rollback is under way; STORE_FAILED for damaged contents
   */
  async rollBack(runId: string, checkpointId: string, { reason, ...asked }: RollbackRequest): Promise<Rollback> {
    const { runs, store, clock } = this.#parts;
    const run = await runs.find(runId);
    const checkpoint = await store.require(runId, checkpointId);
    const rollbackId = requestId(this.#parts, asked, `rollback ${runId} ${checkpointId}`);
    const before = await this.#find(runId, rollbackId);
    if (before !== undefined) return this.#outcomeOf(before, checkpoint);
    this.#requireUsable(run, checkpoint);
    const manifest = await manifestOf(this.#parts, checkpoint);
    const rollback: RollbackTable = {
      rollback_id: rollbackId,
      run_id: runId,
      checkpoint_id: checkpointId,
      from_execution: run.execution_id,
      to_execution: this.#parts.random.uuid(),
      task: this.#taskOf(run, checkpoint),
      reason,
      requested_by: asked.by,
      state: 'begun',
      archived: JSON.stringify(await this.#archived(checkpoint, manifest)),
      created_at: clock.now(),
      ended_at: null,
    };
    await store.beginRollback(rollback);
    return this.#outcomeOf(rollback, checkpoint);
  }

  /** Completes what a process left in the middle; call it once, when the engine and the runs were taken up. */
  async recover(): Promise<void> {
    const { store, log } = this.#parts;
    for (const rollback of await store.unfinished()) {
      try {
        await this.#finish(rollback, await store.require(rollback.run_id, rollback.checkpoint_id));
      } catch (error) {
        log.error({ err: error, run_id: rollback.run_id }, `Cannot complete the rollback, it is taken back: ${messageOf(error)}`);
      }
    }
  }

  /** What became of a rollback that was recorded; completes it when that has not been done. */
  async #outcomeOf(rollback: RollbackTable, checkpoint: CheckpointTable): Promise<Rollback> {
    if (rollback.state === 'begun') await this.#finish(rollback, checkpoint);
    const now = (await this.#find(rollback.run_id, rollback.rollback_id)) ?? rollback;
    if (now.state === 'done') return rollbackView(now);
    throw new PlatformError(
      'INVALID_STATE',
      `Cannot roll the run back to "${checkpoint.checkpoint_id}": this rollback was begun and taken back; ask again under another key`,
    );
  }

  async #find(runId: string, rollbackId: string): Promise<RollbackTable | undefined> {
    return (await this.#parts.store.rollbacksOf(runId)).find(({ rollback_id }) => rollback_id === rollbackId);
  }

  #finish(rollback: RollbackTable, checkpoint: CheckpointTable): Promise<void> {
    const { rollback_id: id } = rollback;
    const work = this.#underWay.get(id) ?? this.#completeOnce(rollback, checkpoint).finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, work);
    return work;
  }

  /** What the caller read may be older than the end of the work before: done twice, it would undo what came after it. */
  async #completeOnce(rollback: RollbackTable, checkpoint: CheckpointTable): Promise<void> {
    const now = await this.#find(rollback.run_id, rollback.rollback_id);
    if (now?.state === 'begun') await this.#complete(now, checkpoint);
  }

  async #complete(rollback: RollbackTable, checkpoint: CheckpointTable): Promise<void> {
    const { engine, runs, store, workspaces, clock } = this.#parts;
    const { run_id: runId, rollback_id: rollbackId, from_execution: from, to_execution: to, requested_by: by } = rollback;
    const restoration: Restoration = { workspace: workspaces.of(runId).dir, rollbackId };
    try {
      await stageWorkspace(restoration, await manifestOf(this.#parts, checkpoint), objectsOf(this.#parts, runId));
      await this.#stop(rollback);
      await swapWorkspace(restoration);
      await runs.continueAs(runId, to, async () => {
        await engine.operations.restart({ executionId: from, newId: to, from: rollback.task, startedBy: by });
      });
    } catch (error) {
      await takeBack(restoration);
      await store.undoRollback(rollbackId, clock.now());
      throw error;
    }
    await this.#untilGate(rollback);
    await store.endRollback(rollback, { number: checkpoint.number, at: clock.now() });
  }

  /** Whoever is told that the run was rolled back may advance it at once: the new execution has come to its gate then. */
  async #untilGate({ to_execution: executionId, task }: RollbackTable): Promise<void> {
    const { engine, clock } = this.#parts;
    const { signal } = new AbortController();
    await settled({ engine, clock, executionId, waitMs: GATE_MS, signal }, () =>
      engine.read.journal(executionId).find(({ key }) => key === task),
    );
  }

  /** Ends the execution that the run was. It is paused first: a phase that somebody advances to just now is seen, and nothing is broken off. */
  async #stop({ run_id, from_execution: from, requested_by: who, checkpoint_id }: RollbackTable): Promise<void> {
    const { engine } = this.#parts;
    const status = engine.read.status(from);
    if (status === undefined)
      throw new PlatformError('EXECUTION_NOT_FOUND', 'Cannot roll the run back: its execution is not kept any more');
    if (isFinal(status)) return;
    if (status !== 'paused') await engine.pause(from, who);
    if (recordedState(engine.read, { execution_id: from })?.gate === null) {
      await engine.resume(from, who);
      throw underWay(run_id);
    }
    await engine.cancel(from, { who, reason: `The run was rolled back to ${checkpoint_id}` });
  }

  #requireUsable({ run_id, execution_id, workspace_removed_at }: RunTable, checkpoint: CheckpointTable): void {
    const { engine } = this.#parts;
    const refuse = (why: string): never => {
      throw new PlatformError('INVALID_STATE', `Cannot roll the run back to "${checkpoint.checkpoint_id}": ${why}`);
    };
    if (checkpoint.archived_by !== null) refuse('another rollback left it behind');
    if (checkpoint.incomplete !== null) refuse(`not every file was kept: ${checkpoint.incomplete}`);
    if (workspace_removed_at !== null) refuse('the workspace of the run was removed');
    const state = recordedState(engine.read, { execution_id });
    if (state === undefined) refuse('the history of the run was compacted');
    const isAtRest = state?.gate !== null || isFinal(engine.read.status(execution_id) ?? 'running');
    if (!isAtRest) throw underWay(run_id);
  }

  /** The wait before the phase that comes next: that of the phase itself for a checkpoint before it. */
  #taskOf({ execution_id }: RunTable, { phase, type, checkpoint_id }: CheckpointTable): string {
    const { read } = this.#parts.engine;
    const definition = read.definition(read.execution(execution_id)?.definitionDigest ?? '');
    const names = (definition === undefined ? undefined : profileOf(definition))?.phases.map(({ name }) => name) ?? [];
    const candidates = type === 'pre' ? [phase] : names.slice(names.indexOf(phase) + 1);
    const passed = new Set(read.journal(execution_id).map(({ key }) => key));
    const next = candidates.map(gateOf).find((gate) => passed.has(gate));
    if (next !== undefined) return next;
    throw new PlatformError(
      'INVALID_STATE',
      `Cannot roll the run back to "${checkpoint_id}": the run has come to nothing behind it`,
    );
  }

  /** What the workspace has and the checkpoint has not, or has with another content. */
  async #archived({ run_id, number }: CheckpointTable, manifest: Manifest): Promise<Archived> {
    const { workspaces, store } = this.#parts;
    const kept = new Map(manifest.map(({ path, digest }) => [path, digest]));
    const now = await captureFiles(join(workspaces.of(run_id).dir, 'artifacts'), objectsOf(this.#parts, run_id));
    const files = now.manifest.filter(({ path, digest }) => kept.get(path) !== digest).map(({ path }) => path);
    const later = (await store.ofRun(run_id)).filter((row) => row.number > number && row.archived_by === null);
    return {
      files: files.slice(0, CHECKPOINT_LIMITS.archivedListed),
      total: files.length,
      checkpoints: later.map(({ checkpoint_id }) => checkpoint_id),
    };
  }
}

function underWay(runId: string): PlatformError {
  return new PlatformError('PHASE_UNDER_WAY', 'Cannot roll the run back: a phase of it is under way', {
    details: { run_id: runId },
  });
}
