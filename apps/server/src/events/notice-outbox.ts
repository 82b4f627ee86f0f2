import type { Notice } from '@loopwright/engine';
import { jsonObjectSchema } from '@loopwright/protocol';
import type { ServerDatabase } from '../database/server-database.ts';
import type { Tables } from '../webhooks/subscriptions.ts';

/** How many are told at a time. */
const BATCH = 100;

/**
 * What was decided in the tables is told in the stream of events, which is another store: it is written down with the decision, told under an id of its own, and
 * forgotten when it was told. A crash in between tells it again, which has no effect.
 */
export class NoticeOutbox {
  readonly #database: ServerDatabase;
  readonly #announce: (notice: Notice) => Promise<void>;

  constructor(database: ServerDatabase, announce: (notice: Notice) => Promise<void>) {
    this.#database = database;
    this.#announce = announce;
  }

  /** Writes down what is to be told; call {@link tell} after the commit. */
  async put(tables: Tables, { id, type, projectId, data }: Notice): Promise<void> {
    await tables
      .insertInto('pending_notices')
      .values({ id, type, project_id: projectId, data: JSON.stringify(data) })
      .execute();
  }

  /** Tells what is written down. */
  async tell(): Promise<void> {
    for (;;) {
      const rows = await this.#database.selectFrom('pending_notices').selectAll().limit(BATCH).execute();
      for (const { id, type, project_id: projectId, data } of rows) {
        await this.#announce({ id, type, projectId, data: jsonObjectSchema.parse(JSON.parse(data)) });
        await this.#database.deleteFrom('pending_notices').where('id', '=', id).execute();
      }
      if (rows.length < BATCH) return;
    }
  }
}
