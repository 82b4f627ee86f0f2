import type { EventFilter } from '@loopwright/engine';
import type { Feed, Follower } from './feed.ts';
import type { Farewell, Outlet } from './outlet.ts';
import type { StreamMessage } from './stream-message.ts';

/** How many stored events one read takes. */
const PAGE = 100;
/** How many reads of the store one turn makes, so that the process answers to others in between. */
const READS_A_TURN = 4;
/** What a connection may hold that its reader did not take yet; the rest stays in the store until the reader comes to it. */
const BUFFER_LIMIT_BYTES = 256 * 1024;

/** Of what a stream is made. */
export interface StreamParts {
  readonly feed: Feed;
  readonly outlet: Outlet;
  readonly filter: EventFilter;
  /** The cursor to go on behind. */
  readonly after: number;
  /** Whether the reader may see this still; asked at each heartbeat, and when the filter refuses something. */
  readonly isAllowed: () => boolean;
  readonly onClosed: () => void;
}

/**
 * One reader of a feed: what is behind its cursor, in order, each message once, as far as the reader takes it.
 *
 * E1 A message goes out only when everything before it went out or was told to be gone, whether it came from the store or from the head.
 * E2 What a reader does not take is not held: at most the limit and one message.
 */
export class EventStream implements Follower {
  readonly #parts: StreamParts;
  readonly #unfollow: () => void;
  #cursor: number;
  /** The cursor that the reader knows of. */
  #told: number;
  #isFull = false;
  /** Whether it is sending, or goes on by itself after others had their turn. */
  #isPumping = false;
  /** Since when the reader took nothing, and how much it held then. */
  #stall: { since: number; buffered: number } | undefined;

  constructor(parts: StreamParts) {
    this.#parts = parts;
    this.#cursor = parts.after;
    this.#told = parts.after;
    this.#unfollow = parts.feed.follow(this);
    parts.outlet.onDrain(() => this.#goOn());
    parts.outlet.onClosed(() => {
      this.#unfollow();
      parts.onClosed();
    });
  }

  wake(): void {
    const { outlet } = this.#parts;
    if (this.#isFull || this.#isPumping || !outlet.isOpen) return;
    this.#isPumping = true;
    outlet.cork();
    let hasMore = false;
    try {
      hasMore = this.#pump();
    } finally {
      outlet.uncork();
      this.#isPumping = hasMore;
    }
    if (!hasMore) return;
    setImmediate(() => {
      this.#isPumping = false;
      this.wake();
    });
  }

  /** Looks after the connection: a reader that is gone, may not see this any more or takes nothing for `stallMs` is let go. */
  tick(now: number, stallMs: number): void {
    const { outlet, isAllowed } = this.#parts;
    if (!isAllowed()) this.close('forbidden');
    if (!outlet.isOpen) return;
    const { buffered } = outlet;
    if (buffered > 0) {
      if (this.#stall === undefined || this.#stall.buffered !== buffered) this.#stall = { since: now, buffered };
      if (now - this.#stall.since >= stallMs) {
        this.close('too_slow');
        outlet.destroy();
      }
      return;
    }
    this.#stall = undefined;
    if (outlet.isSilent) {
      outlet.destroy();
      return;
    }
    outlet.ping(this.#told === this.#cursor ? null : this.#cursor);
    this.#told = this.#cursor;
  }

  close(why: Farewell): void {
    this.#parts.outlet.close(why, this.#cursor);
  }

  destroy(): void {
    this.#parts.outlet.destroy();
  }

  #goOn(): void {
    if (!this.#isFull || this.#parts.outlet.buffered > BUFFER_LIMIT_BYTES / 2) return;
    this.#isFull = false;
    this.wake();
  }

  /** Gives whether there is more that the reader would take. */
  #pump(): boolean {
    const { feed, outlet, filter } = this.#parts;
    let reads = 0;
    while (!this.#isFull && outlet.isOpen) {
      const fresh = feed.after(this.#cursor);
      if (fresh !== undefined && fresh.length > 0) {
        this.#send(fresh, fresh.at(-1)?.cursor ?? this.#cursor);
        continue;
      }
      // At the head there is nothing to read, unless it is the end: the last events may be stored and not yet handed over.
      const isOver = feed.source.isOver();
      if (fresh !== undefined && !isOver) return false;
      if (reads === READS_A_TURN) return true;
      reads += 1;
      const page = feed.source.read(this.#cursor, filter, PAGE);
      this.#send(page.messages, page.next);
      if (this.#isFull || !page.isEnd) continue;
      if (isOver) this.close('end');
      return false;
    }
    return false;
  }

  /** Sends what the filter wants; `next` is the cursor behind all of it. */
  #send(messages: readonly StreamMessage[], next: number): void {
    const { outlet, filter, isAllowed } = this.#parts;
    for (const message of messages) {
      const isWanted = message.owner === null || filter.wants(message.owner);
      if (!isWanted && !isAllowed()) {
        this.close('forbidden');
        return;
      }
      if (isWanted && (message.owner === null || filter.wantsType(message.type))) {
        outlet.send(message);
        this.#told = message.cursor ?? this.#told;
      }
      this.#cursor = message.cursor ?? this.#cursor;
      this.#isFull = outlet.buffered > BUFFER_LIMIT_BYTES;
      if (this.#isFull) return;
    }
    this.#cursor = Math.max(this.#cursor, next);
  }
}
