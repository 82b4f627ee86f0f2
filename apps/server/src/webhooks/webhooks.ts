import { type Notice, type ProjectScope, digestOf } from '@loopwright/engine';
import {
  type Clock,
  PlatformError,
  type Random,
  type WebhookChange,
  isoTime,
  toJson,
  type webhookRequestSchema,
} from '@loopwright/protocol';
import type { z } from 'zod';
import type { ServerDatabase } from '../database/server-database.ts';
import type { MaySee } from '../events/may-see.ts';
import type { Principal } from '../identity/principal.ts';
import type { EventSource } from '../events/event-source.ts';
import type { OutboundHosts } from '../outbound/outbound-hosts.ts';
import { checkEventTypes } from './check-event-types.ts';
import { CreatorRights } from './creator-rights.ts';
import { Deliveries, type StoredDelivery } from './deliveries.ts';
import { Dispatcher } from './dispatcher.ts';
import { PENDING_LIMIT, WEBHOOK_LIMIT } from './limits.ts';
import { NoticeOutbox } from '../events/notice-outbox.ts';
import type { SecretBox } from './secret-box.ts';
import { Serial } from './serial.ts';
import { newSecret } from './signature.ts';
import { newDelivery } from './spread-events.ts';
import { Spreader } from './spreader.ts';
import { type StoredWebhook, Subscriptions } from './subscriptions.ts';
import { checkTarget } from './target.ts';

/** How long webhooks wait for what, in milliseconds. */
export interface WebhookTimes {
  /** For the answer to one delivery. */
  readonly timeoutMs: number;
  /** How long a receiver may fail without a success before it is disabled. */
  readonly disableAfterMs: number;
  /** How long settled deliveries are kept. */
  readonly logMs: number;
}

/** Of what webhooks are made. */
export interface WebhookParts extends WebhookTimes {
  readonly database: ServerDatabase;
  readonly source: EventSource;
  readonly onCommit: (wake: () => void) => () => void;
  readonly hosts: OutboundHosts;
  readonly secrets: SecretBox;
  readonly clock: Clock;
  readonly random: Random;
  readonly maySee: MaySee;
  /** Tells something in the stream of events; the same id again has no effect. */
  readonly announce: (notice: Notice) => Promise<void>;
  readonly onTrouble: (message: string, error: unknown) => void;
}

/** A subscription that was asked for. */
export interface NewWebhook extends z.output<typeof webhookRequestSchema> {
  readonly maker: Principal;
  readonly webhookId: string;
}

/** How often old deliveries are looked for, in milliseconds. */
const HOUSEKEEPING_MS = 60_000;
/** How many batches of old deliveries go at a time. */
const PRUNES = 20;

/** Tells others of events by HTTP: at least once, signed, from a cursor on disk. */
export class Webhooks implements AsyncDisposable {
  readonly #parts: WebhookParts;
  readonly #subscriptions: Subscriptions;
  readonly #deliveries: Deliveries;
  readonly #serial = new Serial();
  readonly #dispatcher: Dispatcher;
  readonly #spreader: Spreader;
  readonly #rights: CreatorRights;
  readonly #outbox: NoticeOutbox;
  #cancelHousekeeping: () => void = () => undefined;
  #isStopped = false;

  private constructor(parts: WebhookParts) {
    const { database, clock, random, hosts, timeoutMs, disableAfterMs, source, onCommit } = parts;
    this.#parts = parts;
    this.#subscriptions = new Subscriptions(database);
    this.#deliveries = new Deliveries(database);
    this.#rights = new CreatorRights(parts);
    this.#outbox = new NoticeOutbox(database, parts.announce);
    const shared = {
      database,
      subscriptions: this.#subscriptions,
      deliveries: this.#deliveries,
      serial: this.#serial,
      clock,
      random,
    };
    const onTrouble = (error: unknown): void => parts.onTrouble('Cannot deliver to webhooks', error);
    this.#dispatcher = new Dispatcher({
      ...shared,
      sender: { hosts, clock, timeoutMs },
      rights: this.#rights,
      outbox: this.#outbox,
      secretsOf: (row, now) => this.secretsOf(row, now),
      disableAfterMs,
      onTrouble,
    });
    this.#spreader = new Spreader({ ...shared, source, onCommit, onDue: () => this.#dispatcher.wake(), onTrouble });
  }

  /** The log of what was delivered. */
  get deliveries(): Deliveries {
    return this.#deliveries;
  }

  /** Goes on where the process before ended. Open it before the engine goes on. */
  static async open(parts: WebhookParts): Promise<Webhooks> {
    const webhooks = new Webhooks(parts);
    await webhooks.#start();
    return webhooks;
  }

  async #start(): Promise<void> {
    await this.#subscriptions.load();
    // What cannot be told now is told by the housekeeping.
    await this.#outbox.tell().catch((error: unknown) => this.#parts.onTrouble('Cannot tell what became of webhooks', error));
    await this.#spreader.start();
    this.#dispatcher.wake();
    this.#armHousekeeping();
  }

  /** Why nothing of a subscription is sent although it is enabled: its creator may not see what it is about any more. `null` when he may. */
  async blockedBecause(row: StoredWebhook): Promise<string | null> {
    return (await this.#rights.refusal(row, row.project_id)) ?? null;
  }

  find(id: string): Promise<StoredWebhook | undefined> {
    return this.#subscriptions.find(id);
  }

  list(after: string, page: { limit: number; projects?: ProjectScope | undefined }): Promise<StoredWebhook[]> {
    return this.#subscriptions.list(after, page);
  }

  /**
   * Makes a subscription for events from now on; the same id with the same request gives the one that is there. Throws VALIDATION_ERROR for a URL that
   * may not be called, UNKNOWN_EVENT_TYPE, LIMIT_EXCEEDED, IDEMPOTENCY_CONFLICT.
   */
  async create(request: NewWebhook): Promise<{ row: StoredWebhook; secret: string; created: boolean }> {
    checkEventTypes(request.event_types);
    await checkTarget(request.url, this.#parts.hosts);
    return this.#serial.run(async () => {
      const { webhookId: id, maker, ...fields } = request;
      const createdBy = maker.userId;
      const requestDigest = digestOf(toJson({ ...fields, createdBy }));
      const existing = await this.#subscriptions.find(id);
      if (existing !== undefined) {
        if (existing.request_digest !== requestDigest)
          throw new PlatformError('IDEMPOTENCY_CONFLICT', 'Cannot make the webhook: the key was used for another request');
        return { row: existing, secret: this.#parts.secrets.open(existing.secret, id), created: false };
      }
      if ((await this.#subscriptions.count()) >= WEBHOOK_LIMIT)
        throw new PlatformError('LIMIT_EXCEEDED', `Cannot make another webhook: there are ${WEBHOOK_LIMIT}`, {
          details: { limit: 'webhooks', maximum: WEBHOOK_LIMIT },
        });
      const secret = newSecret();
      const madeWith = await this.#rights.madeWith(maker);
      const at = this.#parts.clock.now();
      const row = await this.#parts.database.transaction().execute(async (tables) => {
        const made: StoredWebhook = {
          webhook_id: id,
          url: request.url,
          event_types: JSON.stringify(request.event_types),
          project_id: request.project_id,
          description: request.description,
          enabled: request.enabled ? 1 : 0,
          disabled_why: null,
          secret: this.#parts.secrets.seal(secret, id),
          previous_secret: null,
          previous_secret_until: null,
          rotation_key: null,
          request_digest: requestDigest,
          from_position: await this.#spreader.begin(tables),
          failing_since: null,
          created_by: createdBy,
          made_with: madeWith,
          created_at: at,
          updated_at: at,
        };
        await this.#subscriptions.insert(tables, made);
        return made;
      });
      this.#subscriptions.committed(id, row);
      this.#spreader.wake();
      return { row, secret, created: true };
    });
  }

  /** Changes a subscription. One that is enabled again is told of events from now on; what waited for it is sent. Throws as {@link create} does. */
  async change(id: string, change: WebhookChange): Promise<StoredWebhook | undefined> {
    if (change.event_types !== undefined) checkEventTypes(change.event_types);
    if (change.url !== undefined) await checkTarget(change.url, this.#parts.hosts);
    return this.#serial.run(async () => {
      const before = await this.#subscriptions.find(id);
      if (before === undefined) return undefined;
      const { url, description, event_types: types, enabled } = change;
      const row = await this.#parts.database.transaction().execute(async (tables) => {
        const begins = enabled === true && before.enabled === 0;
        return this.#subscriptions.change(tables, id, {
          updated_at: this.#parts.clock.now(),
          ...(url === undefined ? {} : { url, failing_since: null }),
          ...(description === undefined ? {} : { description }),
          ...(types === undefined ? {} : { event_types: JSON.stringify(types) }),
          ...(enabled === undefined ? {} : { enabled: enabled ? (1 as const) : (0 as const), disabled_why: null }),
          ...(begins ? { failing_since: null, from_position: await this.#spreader.begin(tables) } : {}),
        });
      });
      this.#subscriptions.committed(id, row);
      this.#spreader.wake();
      this.#dispatcher.wake();
      return row;
    });
  }

  /** Gives a subscription a new secret; deliveries are signed with both for a while. The same key again is the same rotation. */
  rotate(
    id: string,
    { keepMs, key }: { keepMs: number; key: string },
  ): Promise<{ row: StoredWebhook; secret: string } | undefined> {
    return this.#serial.run(async () => {
      const before = await this.#subscriptions.find(id);
      if (before === undefined) return undefined;
      const { secrets, clock, database } = this.#parts;
      if (before.rotation_key === key) return { row: before, secret: secrets.open(before.secret, id) };
      const secret = newSecret();
      const now = clock.now();
      const row = await this.#subscriptions.change(database, id, {
        secret: secrets.seal(secret, id),
        previous_secret: keepMs === 0 ? null : before.secret,
        previous_secret_until: keepMs === 0 ? null : now + keepMs,
        rotation_key: key,
        updated_at: now,
      });
      this.#subscriptions.committed(id, row);
      return row === undefined ? undefined : { row, secret };
    });
  }

  remove(id: string): Promise<void> {
    return this.#serial.run(() => this.#subscriptions.remove(id));
  }

  /** Sends something to try a subscription; gives the delivery. Throws INVALID_STATE for one that is disabled. */
  async test(row: StoredWebhook): Promise<StoredDelivery | undefined> {
    requireEnabled(row);
    const { database, clock, random } = this.#parts;
    const at = clock.now();
    const data = { webhook_id: row.webhook_id, project_id: row.project_id };
    const payload = JSON.stringify({ type: 'webhook_test', timestamp: isoTime(at), data });
    const made = newDelivery(row.webhook_id, { eventType: 'webhook_test', payload, at, random });
    await this.#deliveries.insert(database, [made]);
    this.#dispatcher.wake();
    return this.#deliveries.find(row.webhook_id, made.deliveryId);
  }

  /** Sends something again, under the same id, with what is left of its attempts. Throws INVALID_STATE. */
  async redeliver(row: StoredWebhook, { no, delivery_id: id }: StoredDelivery): Promise<StoredDelivery | undefined> {
    requireEnabled(row);
    if (this.#dispatcher.isUnderWay(no)) throw new PlatformError('INVALID_STATE', `Cannot send "${id}" again: it is being sent`);
    await this.#deliveries.makeDue(no, this.#parts.clock.now());
    this.#dispatcher.wake();
    return this.#deliveries.find(row.webhook_id, id);
  }

  secretsOf(row: StoredWebhook, now: number): readonly string[] {
    const { secrets } = this.#parts;
    const open = (sealed: string): string => secrets.open(sealed, row.webhook_id);
    const hasPrevious = row.previous_secret !== null && (row.previous_secret_until ?? 0) > now;
    return [open(row.secret), ...(hasPrevious && row.previous_secret !== null ? [open(row.previous_secret)] : [])];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    this.#cancelHousekeeping();
    this.#spreader.stop();
    await this.#dispatcher.stop();
    await this.#serial.idle();
  }

  #armHousekeeping(): void {
    if (this.#isStopped) return;
    this.#cancelHousekeeping = this.#parts.clock.schedule(HOUSEKEEPING_MS, () => {
      void this.#serial
        .run(() => this.#keepHouse())
        .catch((error: unknown) => this.#parts.onTrouble('Cannot look after the log of webhooks', error))
        .finally(() => this.#armHousekeeping());
    });
  }

  /** Drops old deliveries and gives up receivers for which too much waits. */
  async #keepHouse(): Promise<void> {
    if (this.#isStopped) return;
    const before = this.#parts.clock.now() - this.#parts.logMs;
    for (let batches = 0; batches < PRUNES && (await this.#deliveries.prune(before)) > 0; batches += 1) continue;
    for (const { row } of this.#subscriptions.enabled) {
      if ((await this.#deliveries.countPending(row.webhook_id, PENDING_LIMIT)) < PENDING_LIMIT) continue;
      const why = `${PENDING_LIMIT} deliveries wait for the receiver`;
      const changed = await this.#parts.database.transaction().execute((tables) => this.#dispatcher.disable(tables, row, why));
      this.#subscriptions.committed(row.webhook_id, changed);
    }
    await this.#outbox.tell();
  }
}

function requireEnabled({ enabled, webhook_id: id }: StoredWebhook): void {
  if (enabled === 0) throw new PlatformError('INVALID_STATE', `Cannot send to the webhook "${id}": it is disabled`);
}
