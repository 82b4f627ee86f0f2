import { PlatformError } from '@loopwright/protocol';
import type { ServerDatabase } from '../database/server-database.ts';
import type { CheckpointTable, RollbackTable } from './checkpoint-tables.ts';

/** What a checkpoint is given; its number, version and id follow from those of its run. */
export type NewCheckpoint = Omit<CheckpointTable, 'number' | 'checkpoint_id' | 'version' | 'parent_id' | 'archived_by'>;

/** The checkpoints and rollbacks of all runs. */
export class CheckpointStore {
  readonly #database: () => ServerDatabase;

  /** `database` gives the tables; it is asked for with the first row. */
  constructor(database: () => ServerDatabase) {
    this.#database = database;
  }

  /** Keeps a checkpoint; the same key of the same execution again is the checkpoint that is there. */
  async insert(checkpoint: NewCheckpoint): Promise<CheckpointTable> {
    const { run_id, phase, type, execution_id, key } = checkpoint;
    return this.#database()
      .transaction()
      .execute(async (transaction) => {
        const all = await transaction
          .selectFrom('checkpoints')
          .selectAll()
          .where('run_id', '=', run_id)
          .orderBy('number')
          .execute();
        const existing = all.find((row) => row.execution_id === execution_id && row.key === key);
        if (existing !== undefined) return existing;
        const version =
          1 + Math.max(0, ...all.filter((row) => row.phase === phase && row.type === type).map((row) => row.version));
        const row: CheckpointTable = {
          ...checkpoint,
          number: (all.at(-1)?.number ?? 0) + 1,
          version,
          checkpoint_id: `${type.toUpperCase()}_${phase}_v${version}`,
          parent_id: all.findLast(({ archived_by }) => archived_by === null)?.checkpoint_id ?? null,
          archived_by: null,
        };
        await transaction.insertInto('checkpoints').values(row).execute();
        return row;
      });
  }

  /** The checkpoint that a journal entry made. */
  ofKey(executionId: string, key: string): Promise<CheckpointTable | undefined> {
    return this.#database()
      .selectFrom('checkpoints')
      .selectAll()
      .where('execution_id', '=', executionId)
      .where('key', '=', key)
      .executeTakeFirst();
  }

  /** The checkpoints of a run, the oldest first. */
  ofRun(runId: string): Promise<CheckpointTable[]> {
    return this.#database().selectFrom('checkpoints').selectAll().where('run_id', '=', runId).orderBy('number').execute();
  }

  /** One checkpoint. Throws CHECKPOINT_NOT_FOUND. */
  async require(runId: string, checkpointId: string): Promise<CheckpointTable> {
    const row = await this.#database()
      .selectFrom('checkpoints')
      .selectAll()
      .where('run_id', '=', runId)
      .where('checkpoint_id', '=', checkpointId)
      .executeTakeFirst();
    if (row !== undefined) return row;
    throw new PlatformError('CHECKPOINT_NOT_FOUND', `Cannot find the checkpoint "${checkpointId}" of the run`);
  }

  /** Records a rollback before anything is done. Throws CONFLICT when one of the run is under way. */
  async beginRollback(rollback: RollbackTable): Promise<void> {
    try {
      await this.#database().insertInto('rollbacks').values(rollback).execute();
    } catch (error) {
      if (!(error instanceof Error && error.message.includes('UNIQUE'))) throw error;
      throw new PlatformError('CONFLICT', 'Cannot roll the run back: another rollback of it is under way', { cause: error });
    }
  }

  /** Records that a rollback is done: what came after its checkpoint is archived with it. */
  async endRollback(
    { rollback_id, run_id, to_execution }: RollbackTable,
    { number, at }: { number: number; at: number },
  ): Promise<void> {
    await this.#database()
      .transaction()
      .execute(async (transaction) => {
        const target = await transaction
          .selectFrom('checkpoints')
          .select(['created_at'])
          .where('run_id', '=', run_id)
          .where('number', '=', number)
          .executeTakeFirstOrThrow();
        await transaction
          .updateTable('checkpoints')
          .set({ archived_by: rollback_id })
          .where('run_id', '=', run_id)
          .where('number', '>', number)
          // A run that advances by itself may have come further already.
          .where('execution_id', '!=', to_execution)
          .where('archived_by', 'is', null)
          .execute();
        await transaction
          .updateTable('governance_checks')
          .set({ archived_by: rollback_id })
          .where('run_id', '=', run_id)
          .where('checked_at', '>', target.created_at)
          .where('execution_id', '!=', to_execution)
          .where('archived_by', 'is', null)
          .execute();
        await transaction
          .updateTable('rollbacks')
          .set({ state: 'done', ended_at: at })
          .where('rollback_id', '=', rollback_id)
          .execute();
      });
  }

  /** Records that a rollback was taken back. */
  async undoRollback(rollbackId: string, at: number): Promise<void> {
    await this.#database()
      .updateTable('rollbacks')
      .set({ state: 'undone', ended_at: at })
      .where('rollback_id', '=', rollbackId)
      .execute();
  }

  /** The rollbacks of a run, the oldest first. */
  rollbacksOf(runId: string): Promise<RollbackTable[]> {
    return this.#database().selectFrom('rollbacks').selectAll().where('run_id', '=', runId).orderBy('created_at').execute();
  }

  /** Rollbacks that a process left in the middle. */
  unfinished(): Promise<RollbackTable[]> {
    return this.#database().selectFrom('rollbacks').selectAll().where('state', '=', 'begun').orderBy('created_at').execute();
  }
}
