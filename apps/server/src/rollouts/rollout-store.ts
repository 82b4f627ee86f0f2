import type { Notice } from '@loopwright/engine';
import { ACTIVE_ALIAS, PlatformError } from '@loopwright/protocol';
import type { ServerDatabase } from '../database/server-database.ts';
import type { NoticeOutbox } from '../events/notice-outbox.ts';
import type { NewestFirst } from '../programs/behaviour-diffs.ts';
import { type RolloutRow, readRow, writeRow } from './rollout-state.ts';

const UNDER_WAY = ['in_progress', 'paused', 'promoting'] as const;

/** The rows of rollouts. A row is on disk when its promise resolves. */
export class RolloutStore {
  readonly #database: ServerDatabase;
  readonly #outbox: NoticeOutbox;

  constructor(database: ServerDatabase, outbox: NoticeOutbox) {
    this.#database = database;
    this.#outbox = outbox;
  }

  /** Throws ROLLOUT_IN_PROGRESS when the alias has one that is under way. */
  async insert(row: RolloutRow): Promise<void> {
    const other = (await this.underWay()).find(({ program, alias }) => program === row.program && alias === row.alias);
    if (other !== undefined)
      throw new PlatformError(
        'ROLLOUT_IN_PROGRESS',
        `Cannot start a rollout of "${row.program}": another one of the alias "${row.alias}" is under way`,
        {
          details: { rollout_id: other.rollout_id },
        },
      );
    await this.#database.insertInto('rollouts').values(writeRow(row)).execute();
  }

  /** Replaces a row, and writes down with it what is to be told of that. */
  async put(row: RolloutRow, notices: readonly Notice[] = []): Promise<void> {
    const change = this.#database.transaction();
    await change.execute(async (tables) => {
      await tables.updateTable('rollouts').set(writeRow(row)).where('rollout_id', '=', row.rollout_id).execute();
      for (const notice of notices) await this.#outbox.put(tables, notice);
    });
  }

  /** Throws ROLLOUT_NOT_FOUND. */
  async get(program: string, rolloutId: string): Promise<RolloutRow> {
    const row = await this.#database
      .selectFrom('rollouts')
      .selectAll()
      .where('rollout_id', '=', rolloutId)
      .where('program', '=', program)
      .executeTakeFirst();
    if (row === undefined) throw noSuchRollout(rolloutId);
    return readRow(row);
  }

  /** A rollout of whatever program. Throws ROLLOUT_NOT_FOUND. */
  async find(rolloutId: string): Promise<RolloutRow> {
    const row = await this.#database.selectFrom('rollouts').selectAll().where('rollout_id', '=', rolloutId).executeTakeFirst();
    if (row === undefined) throw noSuchRollout(rolloutId);
    return readRow(row);
  }

  /** The newest canary of the active version of a program, or the newest one of any alias between two of its versions. */
  async newestCanary(
    program: string,
    between?: { readonly incumbent: number; readonly candidate: number },
  ): Promise<RolloutRow | undefined> {
    let query = this.#database.selectFrom('rollouts').selectAll().where('program', '=', program).where('mode', '=', 'canary');
    if (between === undefined) query = query.where('alias', '=', ACTIVE_ALIAS);
    else query = query.where('incumbent', '=', between.incumbent).where('candidate', '=', between.candidate);
    const row = await query.orderBy('created_at', 'desc').orderBy('rollout_id', 'desc').limit(1).executeTakeFirst();
    return row === undefined ? undefined : readRow(row);
  }

  /** Rollouts of a program, the newest first. */
  async of(program: string, { limit, behind }: NewestFirst): Promise<RolloutRow[]> {
    let query = this.#database.selectFrom('rollouts').selectAll().where('program', '=', program);
    if (behind !== undefined) {
      const [at, id] = behind;
      query = query.where((is) =>
        is.or([is('created_at', '<', at), is.and([is('created_at', '=', at), is('rollout_id', '<', id)])]),
      );
    }
    const rows = await query.orderBy('created_at', 'desc').orderBy('rollout_id', 'desc').limit(limit).execute();
    return rows.map(readRow);
  }

  async underWay(): Promise<RolloutRow[]> {
    const rows = await this.#database.selectFrom('rollouts').selectAll().where('status', 'in', UNDER_WAY).execute();
    return rows.map(readRow);
  }
}

/** What is said of a rollout that is not there, or that the caller does not see. */
export function noSuchRollout(rolloutId: string): PlatformError {
  return new PlatformError('ROLLOUT_NOT_FOUND', `Cannot find the rollout "${rolloutId.slice(0, 100)}"`);
}
