import type { ProjectScope } from '@loopwright/engine';
import type { Selectable, Transaction, Updateable } from 'kysely';
import { inProjects } from '../authorization/project-filter.ts';
import type { ServerDatabase } from '../database/server-database.ts';
import type { ServerTables } from '../database/tables.ts';
import { typeFilter } from '../events/event-query.ts';
import type { WebhookTable } from './webhook-tables.ts';

/** A subscription as it is stored. */
export type StoredWebhook = Selectable<WebhookTable>;

/** A subscription with what is worked out once. */
export interface Subscription {
  readonly row: StoredWebhook;
  readonly host: string;
  readonly wantsType: (type: string) => boolean;
}

/** The database, or a transaction of it. */
export type Tables = ServerDatabase | Transaction<ServerTables>;

/** The enabled subscriptions in memory, and all of them in the tables; every change goes through here. */
export class Subscriptions {
  readonly #database: ServerDatabase;
  readonly #enabled = new Map<string, Subscription>();

  constructor(database: ServerDatabase) {
    this.#database = database;
  }

  /** Reads the tables; call it once, before anything else. */
  async load(): Promise<void> {
    for (const row of await this.#database.selectFrom('webhooks').selectAll().where('enabled', '=', 1).execute()) this.#keep(row);
  }

  get enabled(): readonly Subscription[] {
    return [...this.#enabled.values()];
  }

  find(id: string): Promise<StoredWebhook | undefined> {
    return this.#database.selectFrom('webhooks').selectAll().where('webhook_id', '=', id).executeTakeFirst();
  }

  /** In the order of their ids, behind one of them. */
  list(after: string, { limit, projects }: { limit: number; projects?: ProjectScope | undefined }): Promise<StoredWebhook[]> {
    const rows = this.#database.selectFrom('webhooks').selectAll().where('webhook_id', '>', after);
    return (projects === undefined ? rows : rows.where(inProjects(projects))).orderBy('webhook_id').limit(limit).execute();
  }

  async count(): Promise<number> {
    const row = await this.#database
      .selectFrom('webhooks')
      .select(({ fn }) => fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow();
    return row.total;
  }

  async insert(tables: Tables, row: StoredWebhook): Promise<void> {
    await tables.insertInto('webhooks').values(row).execute();
  }

  /** Changes a subscription; gives it as it is now, `undefined` when there is none any more. */
  change(tables: Tables, id: string, change: Updateable<WebhookTable>): Promise<StoredWebhook | undefined> {
    return tables.updateTable('webhooks').set(change).where('webhook_id', '=', id).returningAll().executeTakeFirst();
  }

  /** Takes over what was committed. */
  committed(id: string, row: StoredWebhook | undefined): void {
    if (row?.enabled === 1) this.#keep(row);
    else this.#enabled.delete(id);
  }

  async remove(id: string): Promise<void> {
    await this.#database.deleteFrom('webhooks').where('webhook_id', '=', id).execute();
    this.#enabled.delete(id);
  }

  #keep(row: StoredWebhook): void {
    this.#enabled.set(row.webhook_id, {
      row,
      host: new URL(row.url).host,
      wantsType: typeFilter(JSON.parse(row.event_types) as string[]),
    });
  }
}
