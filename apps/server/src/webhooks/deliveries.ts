import type { Selectable } from 'kysely';
import type { ServerDatabase } from '../database/server-database.ts';
import type { AttemptResult } from './send-delivery.ts';
import type { Tables } from './subscriptions.ts';
import type { AttemptTable, DeliveryTable } from './webhook-tables.ts';

/** A delivery as it is stored. */
export type StoredDelivery = Selectable<DeliveryTable>;
export type StoredAttempt = Selectable<AttemptTable>;

/** A delivery that is to be made. */
export interface NewDelivery {
  readonly deliveryId: string;
  readonly webhookId: string;
  readonly eventType: string;
  readonly payload: string;
  readonly at: number;
}

/** How many attempts of a delivery are kept; those in between are dropped. */
const ATTEMPTS_KEPT = 20;
/** How many rows one statement inserts. */
const ROWS_A_STATEMENT = 500;
/** How many rows one turn of the housekeeping deletes. */
const PRUNED_AT_ONCE = 500;

/** What is to be delivered, and the log of what was. */
export class Deliveries {
  readonly #database: ServerDatabase;

  constructor(database: ServerDatabase) {
    this.#database = database;
  }

  async insert(tables: Tables, deliveries: readonly NewDelivery[]): Promise<void> {
    const rows = deliveries.map(({ deliveryId, webhookId, eventType, payload, at }) => {
      const state = { status: 'pending', attempts: 0, next_at: at, created_at: at, delivered_at: null } as const;
      return { delivery_id: deliveryId, webhook_id: webhookId, event_type: eventType, payload, ...state };
    });
    for (let done = 0; done < rows.length; done += ROWS_A_STATEMENT)
      await tables
        .insertInto('webhook_deliveries')
        .values(rows.slice(done, done + ROWS_A_STATEMENT))
        .execute();
  }

  find(webhookId: string, deliveryId: string): Promise<StoredDelivery | undefined> {
    return this.#database
      .selectFrom('webhook_deliveries')
      .selectAll()
      .where('webhook_id', '=', webhookId)
      .where('delivery_id', '=', deliveryId)
      .executeTakeFirst();
  }

  /** What is due of a subscription, in the order of the events where they are due together. */
  due(webhookId: string, now: number, limit: number): Promise<StoredDelivery[]> {
    return this.#pending(webhookId)
      .selectAll()
      .where('next_at', '<=', now)
      .orderBy('next_at')
      .orderBy('no')
      .limit(limit)
      .execute();
  }

  /** When the next one of a subscription is due behind a time. */
  async nextAt(webhookId: string, after: number): Promise<number | undefined> {
    const row = await this.#pending(webhookId)
      .select('next_at')
      .where('next_at', '>', after)
      .orderBy('next_at')
      .limit(1)
      .executeTakeFirst();
    return row?.next_at ?? undefined;
  }

  /** How many wait; counting stops at the limit. */
  async countPending(webhookId: string, limit: number): Promise<number> {
    const rows = await this.#pending(webhookId).select('no').limit(limit).execute();
    return rows.length;
  }

  /** Newest first, before one of them. */
  list(
    webhookId: string,
    { before, limit, status }: { before: number; limit: number; status?: StoredDelivery['status'] | undefined },
  ): Promise<StoredDelivery[]> {
    return this.#database
      .selectFrom('webhook_deliveries')
      .selectAll()
      .where('webhook_id', '=', webhookId)
      .where('no', '<', before)
      .$if(status !== undefined, (query) => query.where('status', '=', status ?? 'pending'))
      .orderBy('no', 'desc')
      .limit(limit)
      .execute();
  }

  /** The attempts of some deliveries, the first ones first. */
  async attempts(deliveries: readonly number[]): Promise<StoredAttempt[]> {
    if (deliveries.length === 0) return [];
    return this.#database
      .selectFrom('webhook_attempts')
      .selectAll()
      .where('delivery', 'in', deliveries)
      .orderBy('delivery')
      .orderBy('attempt')
      .execute();
  }

  /** Writes down how an attempt went, and what follows from it for the delivery; nothing when the subscription was removed meanwhile. */
  async record(
    tables: Tables,
    { no, attempts }: Pick<StoredDelivery, 'no' | 'attempts'>,
    result: AttemptResult,
    nextAt: number | null,
  ): Promise<void> {
    const attempt = attempts + 1;
    const status = result.error === null ? 'delivered' : nextAt === null ? 'failed' : 'pending';
    const { numUpdatedRows } = await tables
      .updateTable('webhook_deliveries')
      .set({
        status,
        attempts: attempt,
        next_at: nextAt,
        delivered_at: status === 'delivered' ? result.at + result.latencyMs : null,
      })
      .where('no', '=', no)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return;
    const answer = {
      response_status: result.status,
      response_body: result.body,
      error: result.error,
      latency_ms: result.latencyMs,
    };
    await tables
      .insertInto('webhook_attempts')
      .values({ delivery: no, attempt, at: result.at, ...answer })
      .execute();
    if (attempt > ATTEMPTS_KEPT)
      await tables
        .deleteFrom('webhook_attempts')
        .where('delivery', '=', no)
        .where('attempt', '=', attempt - ATTEMPTS_KEPT + 1)
        .execute();
  }

  /** Makes a delivery due now. */
  async makeDue(no: number, now: number): Promise<void> {
    await this.#database
      .updateTable('webhook_deliveries')
      .set({ status: 'pending', next_at: now, delivered_at: null })
      .where('no', '=', no)
      .execute();
  }

  /** Deletes a batch of what was made before a time and is settled, or belongs to a subscription that is disabled; gives how many. */
  async prune(before: number): Promise<number> {
    const old = this.#database
      .selectFrom('webhook_deliveries')
      .innerJoin('webhooks', 'webhooks.webhook_id', 'webhook_deliveries.webhook_id')
      .select('webhook_deliveries.no')
      .where('webhook_deliveries.created_at', '<', before)
      .where((where) => where.or([where('status', '<>', 'pending'), where('enabled', '=', 0)]))
      .limit(PRUNED_AT_ONCE);
    const { numDeletedRows } = await this.#database.deleteFrom('webhook_deliveries').where('no', 'in', old).executeTakeFirst();
    return Number(numDeletedRows);
  }

  #pending(webhookId: string) {
    return this.#database.selectFrom('webhook_deliveries').where('webhook_id', '=', webhookId).where('status', '=', 'pending');
  }
}
