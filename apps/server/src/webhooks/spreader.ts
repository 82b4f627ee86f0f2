import type { Clock, Random } from '@loopwright/protocol';
import type { ServerDatabase } from '../database/server-database.ts';
import type { EventSource } from '../events/event-source.ts';
import type { Deliveries } from './deliveries.ts';
import type { Serial } from './serial.ts';
import { spreadEvents } from './spread-events.ts';
import type { Subscriptions, Tables } from './subscriptions.ts';

/** How far the cursor on disk may stay behind when nobody wanted what was read. */
const UNWRITTEN_LIMIT = 5000;
/** Pause after the tables could not be written, in milliseconds. */
const TROUBLE_MS = 5000;

/** Of what a spreader is made. */
export interface SpreaderParts {
  readonly database: ServerDatabase;
  readonly source: EventSource;
  /** Calls what it is given after each commit of events; the result ends it. */
  readonly onCommit: (wake: () => void) => () => void;
  readonly subscriptions: Subscriptions;
  readonly deliveries: Deliveries;
  /** Keeps changes of subscriptions and the reading of events apart. */
  readonly serial: Serial;
  readonly clock: Clock;
  readonly random: Random;
  readonly onDue: () => void;
  readonly onTrouble: (error: unknown) => void;
}

/**
 * Makes the stream of all executions into deliveries.
 *
 * D1 The deliveries of a part of the stream and the cursor behind it are one transaction: after a crash an event is neither left out nor made twice.
 * D2 While nobody is subscribed nothing is read, and the cursor begins anew with the first subscription.
 */
export class Spreader {
  readonly #parts: SpreaderParts;
  #position = 0;
  #written = 0;
  #isWoken = false;
  #isStopped = false;
  #unsubscribe: () => void = () => undefined;

  constructor(parts: SpreaderParts) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    const row = await this.#parts.database.selectFrom('webhook_cursor').select('position').executeTakeFirst();
    // A store that was set back has fewer events than were told: what comes now is new.
    this.#position = Math.min(row?.position ?? this.#parts.source.last(), this.#parts.source.last());
    this.#written = this.#position;
    this.#unsubscribe = this.#parts.onCommit(() => this.wake());
    this.wake();
  }

  stop(): void {
    this.#isStopped = true;
    this.#unsubscribe();
  }

  /** The position that a subscription made now begins behind; the cursor is set there when it is the only one. Call it inside {@link Serial}. */
  async begin(tables: Tables): Promise<number> {
    const last = this.#parts.source.last();
    if (this.#parts.subscriptions.enabled.length > 0) return last;
    await writeCursor(tables, last);
    this.#position = last;
    this.#written = last;
    return last;
  }

  /** There may be something new. */
  wake(): void {
    if (this.#isWoken || this.#isStopped || this.#parts.subscriptions.enabled.length === 0) return;
    this.#isWoken = true;
    setImmediate(() => void this.#parts.serial.run(() => this.#spread()));
  }

  async #spread(): Promise<void> {
    this.#isWoken = false;
    const { database, source, subscriptions, deliveries, clock, random, onDue, onTrouble } = this.#parts;
    const { enabled } = subscriptions;
    if (this.#isStopped || enabled.length === 0) return;
    try {
      const spread = spreadEvents(source, this.#position, { subscriptions: enabled, random, now: clock.now() });
      if (spread.deliveries.length > 0 || spread.next - this.#written >= UNWRITTEN_LIMIT) {
        await database.transaction().execute(async (tables) => {
          await deliveries.insert(tables, spread.deliveries);
          await writeCursor(tables, spread.next);
        });
        this.#written = spread.next;
      }
      this.#position = spread.next;
      if (spread.deliveries.length > 0) onDue();
      if (!spread.isEnd) this.wake();
    } catch (error) {
      onTrouble(error);
      clock.schedule(TROUBLE_MS, () => this.wake());
    }
  }
}

async function writeCursor(tables: Tables, position: number): Promise<void> {
  await tables
    .insertInto('webhook_cursor')
    .values({ only: 1, position })
    .onConflict((conflict) => conflict.column('only').doUpdateSet({ position }))
    .execute();
}
