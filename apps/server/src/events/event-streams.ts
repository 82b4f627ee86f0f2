import type { EventFilter } from '@loopwright/engine';
import { type Clock, PlatformError } from '@loopwright/protocol';
import type { Principal } from '../identity/principal.ts';
import { type EventSource, type StreamEngine, executionSource, globalSource } from './event-source.ts';
import { EventStream } from './event-stream.ts';
import { Feed } from './feed.ts';
import type { MaySee } from './may-see.ts';
import type { Outlet } from './outlet.ts';

/** How many readers there may be, and how long one may take nothing. */
export interface StreamLimits {
  readonly total: number;
  readonly perUser: number;
  readonly stallMs: number;
}

/** Which stream is opened, by whom, and where it begins. */
export interface StreamRequest {
  readonly principal: Principal;
  /** Left out: the stream of all executions. */
  readonly executionId?: string;
  readonly filter: EventFilter;
  readonly after: number;
}

/** How often each connection is looked after, in milliseconds. */
const HEARTBEAT_MS = 20_000;
/** How long a reader may take to take leave, in milliseconds. */
const FAREWELL_MS = 1000;

/** What an open stream is known by here. */
interface OpenStream {
  readonly stream: EventStream;
  readonly userId: string;
}

/** All readers of events: WebSocket and SSE, of one execution or of all. */
export class EventStreams {
  readonly #engine: StreamEngine;
  readonly #clock: Clock;
  readonly #maySee: MaySee;
  readonly #limits: StreamLimits;
  readonly #global: EventSource;
  readonly #feeds = new Map<string, Feed>();
  readonly #open = new Set<OpenStream>();
  readonly #ofUser = new Map<string, number>();
  #cancelHeartbeat: (() => void) | undefined;
  /** Called when the last reader has gone. */
  #onEmpty: () => void = () => undefined;
  #isClosing = false;

  constructor(parts: { engine: StreamEngine; clock: Clock; maySee: MaySee; limits: StreamLimits }) {
    this.#engine = parts.engine;
    this.#clock = parts.clock;
    this.#maySee = parts.maySee;
    this.#limits = parts.limits;
    this.#global = globalSource(parts.engine);
  }

  /** How many readers there are. */
  get size(): number {
    return this.#open.size;
  }

  /** Where the stream of all executions is read. */
  get global(): EventSource {
    return this.#global;
  }

  /** Throws RATE_LIMITED when there is no room for another reader, SERVICE_UNAVAILABLE when the server is about to end. */
  admit({ userId }: Principal): void {
    if (this.#isClosing) throw new PlatformError('SERVICE_UNAVAILABLE', 'Cannot open a stream: the server is closing');
    const full = (what: string, limit: number): PlatformError =>
      new PlatformError('RATE_LIMITED', `Cannot open another stream: ${what} ${limit} open`, { details: { limit } });
    if ((this.#ofUser.get(userId) ?? 0) >= this.#limits.perUser) throw full('you have', this.#limits.perUser);
    if (this.#open.size >= this.#limits.total) throw full('there are', this.#limits.total);
  }

  /** Begins to send; the connection is looked after until it is closed. */
  open(outlet: Outlet, { principal, executionId, filter, after }: StreamRequest): void {
    const { userId } = principal;
    const stream = new EventStream({
      feed: this.#feed(executionId),
      outlet,
      filter,
      after,
      isAllowed: () => {
        const owner = executionId === undefined ? undefined : this.#engine.read.eventOwner(executionId);
        return owner === undefined || this.#maySee(principal, owner.projectId);
      },
      onClosed: () => {
        if (!this.#open.delete(entry)) return;
        const left = (this.#ofUser.get(userId) ?? 1) - 1;
        if (left === 0) this.#ofUser.delete(userId);
        else this.#ofUser.set(userId, left);
        if (this.#open.size > 0) return;
        this.#onEmpty();
        this.#cancelHeartbeat?.();
        this.#cancelHeartbeat = undefined;
      },
    });
    const entry = { stream, userId };
    this.#open.add(entry);
    this.#ofUser.set(userId, (this.#ofUser.get(userId) ?? 0) + 1);
    this.#cancelHeartbeat ??= this.#armHeartbeat();
    stream.wake();
  }

  /** Ends every stream: readers are told that the server goes, those that do not take leave in a second are cut off. */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const { stream } of this.#open) stream.close('closing');
    if (this.#open.size > 0) {
      const gone = Promise.withResolvers<void>();
      this.#onEmpty = gone.resolve;
      const cancel = this.#clock.schedule(FAREWELL_MS, () => {
        for (const { stream } of this.#open) stream.destroy();
        gone.resolve();
      });
      await gone.promise;
      cancel();
    }
    this.#cancelHeartbeat?.();
  }

  #armHeartbeat(): () => void {
    return this.#clock.schedule(HEARTBEAT_MS, () => {
      for (const { stream } of this.#open) stream.tick(this.#clock.now(), this.#limits.stallMs);
      this.#cancelHeartbeat = this.#open.size === 0 ? undefined : this.#armHeartbeat();
    });
  }

  #feed(executionId: string | undefined): Feed {
    const key = executionId === undefined ? 'all' : `of ${executionId}`;
    const known = this.#feeds.get(key);
    if (known !== undefined) return known;
    const source = executionId === undefined ? this.#global : executionSource(this.#engine, executionId);
    const feed = new Feed(source, () => void this.#feeds.delete(key));
    this.#feeds.set(key, feed);
    return feed;
  }
}
