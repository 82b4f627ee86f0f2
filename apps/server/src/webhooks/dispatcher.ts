import { type Clock, type Random, isoTime, messageOf } from '@loopwright/protocol';
import type { ServerDatabase } from '../database/server-database.ts';
import type { CreatorRights } from './creator-rights.ts';
import type { Deliveries, StoredDelivery } from './deliveries.ts';
import { z } from 'zod';
import { REQUESTS, REQUESTS_A_HOST } from './limits.ts';
import type { NoticeOutbox } from '../events/notice-outbox.ts';
import { waitAfter } from './retry-schedule.ts';
import { type AttemptResult, type SenderParts, sendDelivery } from './send-delivery.ts';
import type { Serial } from './serial.ts';
import type { StoredWebhook, Subscription, Subscriptions, Tables } from './subscriptions.ts';

/** The receiver says that nobody is there any more and nobody will be. */
const GONE = 410;
/** Pause after the tables could not be used, in milliseconds. */
const TROUBLE_MS = 5000;

/** Of what a dispatcher is made. */
export interface DispatcherParts {
  readonly database: ServerDatabase;
  readonly subscriptions: Subscriptions;
  readonly deliveries: Deliveries;
  readonly serial: Serial;
  readonly sender: SenderParts;
  readonly rights: CreatorRights;
  readonly outbox: NoticeOutbox;
  readonly clock: Clock;
  readonly random: Random;
  /** The signing secrets of a subscription that hold now. */
  readonly secretsOf: (row: StoredWebhook, now: number) => readonly string[];
  /** How long a receiver may fail before it is given up. */
  readonly disableAfterMs: number;
  readonly onTrouble: (error: unknown) => void;
}

/**
 * Sends what is due. Requests to one host are few at a time, so that a host which does not answer holds up nobody else. A delivery is settled when
 * its outcome is in the tables: whatever was under way when the process died is sent again, under the same id.
 */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #underWay = new Map<number, { host: string; done: Promise<void> }>();
  readonly #abort = new AbortController();
  #isLooking = false;
  #lookAgain = false;
  #cancelTimer: () => void = () => undefined;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  isUnderWay(no: number): boolean {
    return this.#underWay.has(no);
  }

  /** There may be something due. */
  wake(): void {
    if (this.#abort.signal.aborted) return;
    if (this.#isLooking) {
      this.#lookAgain = true;
      return;
    }
    this.#isLooking = true;
    this.#lookAgain = false;
    void this.#look()
      .catch((error: unknown) => {
        this.#parts.onTrouble(error);
        this.#arm(TROUBLE_MS);
      })
      .finally(() => {
        this.#isLooking = false;
        if (this.#lookAgain) this.wake();
      });
  }

  /** Breaks off what is under way; it is sent again after the next start. */
  async stop(): Promise<void> {
    this.#abort.abort(new Error('the server is closing'));
    this.#cancelTimer();
    await Promise.all([...this.#underWay.values()].map(({ done }) => done));
  }

  async #look(): Promise<void> {
    const { subscriptions, deliveries, clock } = this.#parts;
    const now = clock.now();
    let next: number | undefined;
    for (const subscription of subscriptions.enabled) {
      const own = subscription.row.webhook_id;
      // Those under way are due still: they are read and left out.
      const ofHost = [...this.#underWay.values()].filter(({ host }) => host === subscription.host).length;
      const free = Math.min(REQUESTS_A_HOST - ofHost, REQUESTS - this.#underWay.size);
      if (free > 0) {
        const due = await deliveries.due(own, now, REQUESTS_A_HOST + free);
        for (const delivery of due.filter(({ no }) => !this.#underWay.has(no)).slice(0, free))
          this.#begin(subscription, delivery);
      }
      const later = await deliveries.nextAt(own, now);
      if (later !== undefined) next = Math.min(next ?? later, later);
    }
    if (next !== undefined) this.#arm(next - now);
  }

  #arm(delayMs: number): void {
    this.#cancelTimer();
    if (!this.#abort.signal.aborted) this.#cancelTimer = this.#parts.clock.schedule(delayMs, () => this.wake());
  }

  #begin(subscription: Subscription, delivery: StoredDelivery): void {
    if (this.#abort.signal.aborted) return;
    const done = this.#send(subscription, delivery)
      .catch(async (error: unknown) => {
        if (this.#abort.signal.aborted) return;
        // What was sent could not be written down: it is sent again, but not at once.
        this.#parts.onTrouble(error);
        await this.#pause();
      })
      .finally(() => {
        this.#underWay.delete(delivery.no);
        this.wake();
      });
    this.#underWay.set(delivery.no, { host: subscription.host, done });
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#parts.clock.schedule(TROUBLE_MS, resolve);
      this.#abort.signal.addEventListener('abort', () => {
        cancel();
        resolve();
      });
    });
  }

  async #send({ row }: Subscription, delivery: StoredDelivery): Promise<void> {
    const { sender, clock, secretsOf, serial, rights } = this.#parts;
    const refusal = await rights.refusal(row, projectOf(delivery.payload, row));
    if (refusal !== undefined) {
      await serial.run(() => this.#refuse(delivery, `Nothing was sent: ${refusal}`));
      return;
    }
    const secrets = secretsOf(row, clock.now());
    const { delivery_id: deliveryId, payload } = delivery;
    const result = await sendDelivery(sender, { url: row.url, deliveryId, payload, secrets }, this.#abort.signal);
    await serial.run(() => this.#record(row.webhook_id, delivery, result));
  }

  async #record(id: string, delivery: StoredDelivery, result: AttemptResult): Promise<void> {
    const { database, deliveries, subscriptions, clock, random, outbox } = this.#parts;
    const now = clock.now();
    const wait =
      result.error === null || result.status === GONE
        ? undefined
        : waitAfter(delivery.attempts + 1, result.retryAfterMs, random.next());
    const before = await subscriptions.find(id);
    const changed = await database.transaction().execute(async (tables) => {
      await deliveries.record(tables, delivery, result, wait === undefined ? null : now + wait);
      return before === undefined ? undefined : this.#judge(tables, before, result);
    });
    if (changed === undefined) return;
    subscriptions.committed(id, changed);
    if (changed.enabled === 0) await outbox.tell();
  }

  /** Settles a delivery without a request: it says nothing about the receiver, and is not tried again by itself. */
  async #refuse(delivery: StoredDelivery, error: string): Promise<void> {
    const { database, deliveries, clock } = this.#parts;
    const result: AttemptResult = { at: clock.now(), latencyMs: 0, status: null, body: null, error, retryAfterMs: 0 };
    await database.transaction().execute((tables) => deliveries.record(tables, delivery, result, null));
  }

  /** What an attempt says about the receiver; one that is gone, or failed for too long, is disabled. Gives the subscription when it changed. */
  async #judge(tables: Tables, row: StoredWebhook, result: AttemptResult): Promise<StoredWebhook | undefined> {
    const { subscriptions, disableAfterMs } = this.#parts;
    const { webhook_id: id, failing_since: since } = row;
    if (result.error === null) return since === null ? undefined : subscriptions.change(tables, id, { failing_since: null });
    if (result.status === GONE) return this.disable(tables, row, 'The receiver answered 410 Gone');
    if (since === null) return subscriptions.change(tables, id, { failing_since: result.at });
    if (result.at - since < disableAfterMs) return undefined;
    return this.disable(
      tables,
      row,
      `No delivery has succeeded since ${isoTime(since)}; the last one: ${messageOf(result.error)}`,
    );
  }

  /** Stops deliveries to a receiver, which is told in the stream of events. */
  async disable(tables: Tables, row: StoredWebhook, why: string): Promise<StoredWebhook | undefined> {
    const { subscriptions, outbox, clock } = this.#parts;
    const at = clock.now();
    const { webhook_id, project_id: projectId } = row;
    const changed = await subscriptions.change(tables, webhook_id, { enabled: 0, disabled_why: why, updated_at: at });
    // Not its URL, which may have a secret of its own.
    const notice = { id: `webhook_disabled/${webhook_id}/${at}`, type: 'webhook_disabled', projectId, data: { webhook_id, why } };
    if (changed !== undefined) await outbox.put(tables, notice);
    return changed;
  }
}

const payloadSchema = z.object({ data: z.object({ project_id: z.string().nullish() }) });

/** The project that a delivery tells of; that of its subscription where it names none. */
function projectOf(payload: string, { project_id: own }: StoredWebhook): string | null {
  const named = payloadSchema.safeParse(JSON.parse(payload)).data?.data.project_id;
  return named === undefined ? own : named;
}
