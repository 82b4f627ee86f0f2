import { type Clock, PlatformError, isoTime } from '@loopwright/protocol';
import { sql } from 'kysely';
import type { ServerDatabase } from '../database/server-database.ts';

/** What is counted by day. */
export type QuotaKind = 'starts';

const DAY_MS = 86_400_000;

/** How many executions and runs each person may start on a day (UTC). The counts are in the server's tables and survive it. */
export class DailyQuotas {
  readonly #database: ServerDatabase;
  readonly #clock: Clock;
  readonly #limits: Readonly<Record<QuotaKind, number | null>>;

  constructor({
    database,
    clock,
    limits,
  }: {
    database: ServerDatabase;
    clock: Clock;
    limits: Readonly<Record<QuotaKind, number | null>>;
  }) {
    this.#database = database;
    this.#clock = clock;
    this.#limits = limits;
  }

  /**
   * Takes one of what somebody has left today; nothing is written when there is no limit. The result gives it back, for a request that came to nothing.
   * Throws QUOTA_REACHED with the seconds until the next day.
   */
  async take(userId: string, kind: QuotaKind): Promise<() => Promise<void>> {
    const limit = this.#limits[kind];
    if (limit === null) return async () => undefined;
    const now = this.#clock.now();
    const day = isoTime(now).slice(0, 10);
    const taken = await this.#database
      .insertInto('quota_use')
      .values({ user_id: userId, day, kind, used: 1 })
      .onConflict((conflict) =>
        conflict
          .columns(['user_id', 'day', 'kind'])
          .doUpdateSet({ used: sql`used + 1` })
          .where('quota_use.used', '<', limit),
      )
      .returning('used')
      .executeTakeFirst();
    if (taken === undefined || limit === 0) {
      const seconds = Math.ceil((DAY_MS - (now % DAY_MS)) / 1000);
      throw new PlatformError('QUOTA_REACHED', `Cannot start more today: "${userId}" may start ${limit} a day`, {
        details: { limit, kind, retry_after_seconds: seconds },
      });
    }
    if (taken.used === 1) await this.#database.deleteFrom('quota_use').where('day', '<', day).execute();
    return async () => {
      await this.#database
        .updateTable('quota_use')
        .set({ used: sql`used - 1` })
        .where('user_id', '=', userId)
        .where('day', '=', day)
        .where('kind', '=', kind)
        .where('used', '>', 0)
        .execute();
    };
  }
}
