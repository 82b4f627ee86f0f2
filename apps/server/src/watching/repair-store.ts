import type { Notice } from '@loopwright/engine';
import { type Repair, type RepairState, driftVerdictSchema, isoTime } from '@loopwright/protocol';
import type { Insertable, Selectable } from 'kysely';
import type { ServerDatabase } from '../database/server-database.ts';
import type { NoticeOutbox } from '../events/notice-outbox.ts';
import type { RepairTable } from './repair-table.ts';

/** A repair as it is stored. */
export type StoredRepair = Selectable<RepairTable>;

/** The repairs of all programs. */
export class RepairStore {
  readonly #database: ServerDatabase;
  readonly #outbox: NoticeOutbox;

  constructor(database: ServerDatabase, outbox: NoticeOutbox) {
    this.#database = database;
    this.#outbox = outbox;
  }

  /** Opens a repair, unless one of the program is open; gives whether it did. */
  async insert(repair: Insertable<RepairTable>): Promise<boolean> {
    const added = await this.#database
      .insertInto('repairs')
      .values(repair)
      .onConflict((conflict) => conflict.doNothing())
      .returning('no')
      .executeTakeFirst();
    return added !== undefined;
  }

  /** Those that have not ended. */
  open(): Promise<StoredRepair[]> {
    return this.#database.selectFrom('repairs').selectAll().where('state', '=', 'open').orderBy('no').execute();
  }

  /** The newest one of a program. */
  last(program: string): Promise<StoredRepair | undefined> {
    return this.#database
      .selectFrom('repairs')
      .selectAll()
      .where('program', '=', program)
      .orderBy('no', 'desc')
      .limit(1)
      .executeTakeFirst();
  }

  /** Those of a program before a number, the newest first. */
  page(program: string, { before, limit }: { before: number | null; limit: number }): Promise<StoredRepair[]> {
    let query = this.#database.selectFrom('repairs').selectAll().where('program', '=', program);
    if (before !== null) query = query.where('no', '<', before);
    return query.orderBy('no', 'desc').limit(limit).execute();
  }

  /** Takes note that the execution runs. */
  async begin(repairId: string): Promise<void> {
    await this.#database.updateTable('repairs').set({ begun: 1 }).where('repair_id', '=', repairId).execute();
  }

  /** Ends one that is open, and writes down with it what is to be told of that. */
  async close(
    repairId: string,
    { state, reason, at }: { state: Exclude<RepairState, 'open'>; reason: string | null; at: number },
    notice?: Notice,
  ): Promise<void> {
    await this.#database.transaction().execute(async (tables) => {
      const { numUpdatedRows } = await tables
        .updateTable('repairs')
        .set({ state, reason, closed_at: at })
        .where('repair_id', '=', repairId)
        .where('state', '=', 'open')
        .executeTakeFirst();
      if (numUpdatedRows > 0n && notice !== undefined) await this.#outbox.put(tables, notice);
    });
  }

  /** Whether the audit log says that a repair was begun. */
  async isAudited(repairId: string): Promise<boolean> {
    const found = await this.#database
      .selectFrom('audit')
      .select('seq')
      .where('operation', '=', 'repair')
      .where('kind', '=', 'outcome')
      .where('status', '=', 201)
      .where('request_id', '=', repairId)
      .limit(1)
      .executeTakeFirst();
    return found !== undefined;
  }
}

/** A repair as it goes over HTTP. */
export function repairView(row: StoredRepair): Repair {
  return {
    repair_id: row.repair_id,
    program: row.program,
    project_id: row.project_id,
    state: row.state,
    reason: row.reason,
    execution_id: row.begun === 1 ? row.repair_id : null,
    examples: row.examples,
    counterexamples: row.counterexamples,
    verdict: driftVerdictSchema.parse(JSON.parse(row.verdict)),
    requested_by: row.requested_by,
    comment: row.comment,
    opened_at: isoTime(row.opened_at),
    closed_at: row.closed_at === null ? null : isoTime(row.closed_at),
  };
}
