import type { ProjectScope } from '@loopwright/engine';
import { PlatformError } from '@loopwright/protocol';
import { inProjects } from '../authorization/project-filter.ts';
import type { ServerDatabase } from '../database/server-database.ts';
import type { RunExecutionTable, RunPhaseTable, RunTable } from './run-tables.ts';

/** A run as it is stored, with its phases in order. */
export interface StoredRun {
  readonly run: RunTable;
  readonly phases: readonly RunPhaseTable[];
}

/** What of a run follows the engine's record. */
export type RunProjection = Pick<RunTable, 'status' | 'current_phase' | 'updated_at' | 'completed_at' | 'error'> & {
  readonly phases: readonly Omit<RunPhaseTable, 'run_id'>[];
};

/** The rows of runs. Every promise that resolved is on disk. */
export class RunStore {
  readonly #database: ServerDatabase;

  constructor(database: ServerDatabase) {
    this.#database = database;
  }

  /** Stores a run and its first execution, which has its id; gives what is there when the id is taken. Throws IDEMPOTENCY_CONFLICT for another request. */
  async insert(run: RunTable, phases: RunProjection['phases']): Promise<{ readonly created: boolean; readonly run: RunTable }> {
    return this.#database.transaction().execute(async (transaction) => {
      const before = await transaction.selectFrom('runs').selectAll().where('run_id', '=', run.run_id).executeTakeFirst();
      if (before !== undefined && before.request_digest !== run.request_digest)
        throw new PlatformError('IDEMPOTENCY_CONFLICT', `Cannot create the run: its idempotency key was used for another one`);
      if (before !== undefined) return { created: false, run: before };
      await transaction.insertInto('runs').values(run).execute();
      const { run_id, created_at } = run;
      await transaction
        .insertInto('run_phases')
        .values(phases.map((phase) => ({ run_id, ...phase })))
        .execute();
      const first = { execution_id: run.execution_id, run_id, number: 1, reason: 'start', created_at } as const;
      await transaction.insertInto('run_executions').values(first).execute();
      return { created: true, run };
    });
  }

  /** Takes a run back whose execution could not be started. */
  async remove(runId: string): Promise<void> {
    await this.#database.deleteFrom('runs').where('run_id', '=', runId).execute();
  }

  /** A run; `undefined` when there is none. */
  async find(runId: string): Promise<StoredRun | undefined> {
    const run = await this.#database.selectFrom('runs').selectAll().where('run_id', '=', runId).executeTakeFirst();
    if (run === undefined) return undefined;
    const phases = this.#database.selectFrom('run_phases').selectAll().where('run_id', '=', runId).orderBy('position');
    return { run, phases: await phases.execute() };
  }

  /** The ids of the runs that have not ended. */
  async open(): Promise<string[]> {
    const rows = await this.#database
      .selectFrom('runs')
      .select('run_id')
      .where('status', 'in', ['running', 'paused'])
      .orderBy('created_at')
      .execute();
    return rows.map(({ run_id }) => run_id);
  }

  /** Writes where a run stands, unless it has another execution by now: then the projection is of the one before. */
  async project(runId: string, executionId: string, { phases, ...projection }: RunProjection): Promise<void> {
    await this.#database.transaction().execute(async (transaction) => {
      const { numUpdatedRows } = await transaction
        .updateTable('runs')
        .set({ ...projection, state_exported: 0 })
        .where('run_id', '=', runId)
        .where('execution_id', '=', executionId)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) return;
      if (phases.length === 0) return;
      await transaction.deleteFrom('run_phases').where('run_id', '=', runId).execute();
      await transaction
        .insertInto('run_phases')
        .values(phases.map((phase) => ({ run_id: runId, ...phase })))
        .execute();
    });
  }

  /** The executions that a run was, the first one first. */
  executions(runId: string): Promise<RunExecutionTable[]> {
    return this.#database.selectFrom('run_executions').selectAll().where('run_id', '=', runId).orderBy('number').execute();
  }

  /**
   * Lets a run go on as another execution; gives whether it did: `false` when the run is another execution than `from` by now, or `to` is its
   * execution already.
   */
  async replaceExecution(
    runId: string,
    { from, to, reason, at }: { from: string; to: string; reason: RunExecutionTable['reason']; at: number },
  ): Promise<boolean> {
    return this.#database.transaction().execute(async (transaction) => {
      const { numUpdatedRows } = await transaction
        .updateTable('runs')
        .set({ execution_id: to, status: 'running', completed_at: null, error: null, updated_at: at })
        .where('run_id', '=', runId)
        .where('execution_id', '=', from)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) return false;
      const { last } = await transaction
        .selectFrom('run_executions')
        .select(({ fn }) => fn.max('number').as('last'))
        .where('run_id', '=', runId)
        .executeTakeFirstOrThrow();
      const next = { execution_id: to, run_id: runId, number: last + 1, reason, created_at: at };
      await transaction.insertInto('run_executions').values(next).execute();
      return true;
    });
  }

  /** Takes {@link replaceExecution} back, because the other execution could not be begun. */
  async restoreExecution(run: RunTable, to: string): Promise<void> {
    const { execution_id, status, completed_at, error, updated_at } = run;
    await this.#database.transaction().execute(async (transaction) => {
      await transaction.deleteFrom('run_executions').where('execution_id', '=', to).execute();
      await transaction
        .updateTable('runs')
        .set({ execution_id, status, completed_at, error, updated_at })
        .where('run_id', '=', run.run_id)
        .execute();
    });
  }

  /** Runs that ended before a time and still have their workspace. */
  async withWorkspaceEndedBefore(time: number, limit: number): Promise<string[]> {
    const rows = await this.#database
      .selectFrom('runs')
      .select('run_id')
      .where('status', 'in', ['completed', 'failed', 'cancelled'])
      .where('completed_at', '<', time)
      .where('workspace_removed_at', 'is', null)
      .limit(limit)
      .execute();
    return rows.map(({ run_id }) => run_id);
  }

  /** Runs whose end `state.json` does not say. */
  async notExported(): Promise<string[]> {
    const rows = await this.#database
      .selectFrom('runs')
      .select('run_id')
      .where('status', 'in', ['completed', 'failed', 'cancelled'])
      .where('state_exported', '=', 0)
      .where('workspace_removed_at', 'is', null)
      .execute();
    return rows.map(({ run_id }) => run_id);
  }

  /** Notes that `state.json` says what the run came to, unless it has changed since. */
  async stateExported({ run_id, status, updated_at }: RunTable): Promise<void> {
    await this.#database
      .updateTable('runs')
      .set({ state_exported: 1 })
      .where('run_id', '=', run_id)
      .where('status', '=', status)
      .where('updated_at', '=', updated_at)
      .execute();
  }

  /** Runs that have not ended, or not before a time, or whose end was not written out. */
  async activeSince(time: number): Promise<string[]> {
    const rows = await this.#database
      .selectFrom('runs')
      .select('run_id')
      .where((is) =>
        is.or([is('status', 'in', ['running', 'paused']), is('completed_at', '>=', time), is('state_exported', '=', 0)]),
      )
      .where('workspace_removed_at', 'is', null)
      .execute();
    return rows.map(({ run_id }) => run_id);
  }

  /** Notes that retention removed the workspace of a run. */
  async workspaceRemoved(runId: string, at: number): Promise<void> {
    await this.#database.updateTable('runs').set({ workspace_removed_at: at }).where('run_id', '=', runId).execute();
  }

  /** The phases of the newest completed runs of a profile in some projects, one list a run. */
  async history(
    profile: string,
    { except, limit, projects }: { except: string; limit: number; projects: ProjectScope },
  ): Promise<RunPhaseTable[][]> {
    const runs = await this.#database
      .selectFrom('runs')
      .select('run_id')
      .where('profile', '=', profile)
      .where('status', '=', 'completed')
      .where(inProjects(projects))
      .where('run_id', '!=', except)
      .orderBy('completed_at', 'desc')
      .limit(limit)
      .execute();
    if (runs.length === 0) return [];
    const ids = runs.map(({ run_id }) => run_id);
    const phases = await this.#database
      .selectFrom('run_phases')
      .selectAll()
      .where('run_id', 'in', ids)
      .orderBy('position')
      .execute();
    return [...Map.groupBy(phases, ({ run_id }) => run_id).values()];
  }
}
