import { type Clock, type GlobalEventMessage, type Random, globalEventSchema, streamControlSchema } from '@loopwright/protocol';
import { z } from 'zod';

/** What the page knows of how fresh it is. Times in milliseconds since 1970-01-01 UTC. */
export type LiveState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** Nothing was heard since then. */
  | { readonly kind: 'reconnecting'; readonly since: number }
  /** Live, but events between were gone, so that everything was loaded again. */
  | { readonly kind: 'reloaded'; readonly at: number };

/** The part of a WebSocket that is used. */
export interface Socket {
  addEventListener(type: 'message' | 'close', listener: (event: Event) => void): void;
  close(): void;
}

/** What the connection is made of. */
export interface LiveParts {
  /** Opens the stream of all events behind a position. */
  readonly open: (after: number) => Promise<Socket>;
  /** The position of the newest event; fails when the server cannot be reached or nobody is signed in. */
  readonly latest: () => Promise<number>;
  readonly clock: Clock;
  readonly random: Random;
}

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5000;
/** After so long without a word the server is asked whether it is still there, and whether it is ahead of the stream. */
const PROBE_MS = 20_000;
/** How long the note that everything was loaded again is shown. */
const RELOADED_MS = 10_000;

const messageSchema = z.union([globalEventSchema, streamControlSchema]);

/**
 * The one connection of the page to the events of the server.
 *
 * L1 Each event is handed on once and in order; a lost connection goes on behind the last one.
 * L2 When events are gone, or the server is another one than before, `onReset` is called: whatever was loaded may be old.
 * L3 `state` never says live while nothing is heard: a silent connection is tried by a request.
 */
export class LiveConnection {
  readonly #parts: LiveParts;
  readonly #listeners = new Set<() => void>();
  readonly #readers = new Set<(event: GlobalEventMessage) => void>();
  readonly #resets = new Set<() => void>();
  #state: LiveState = { kind: 'connecting' };
  #cursor: number | undefined;
  #socket: Socket | undefined;
  #waitMs = FIRST_WAIT_MS;
  #cancel: () => void = () => undefined;
  #cancelNote: () => void = () => undefined;
  #isStopped = true;
  /** Which attempt is the present one: what an older one still says does not count. */
  #attempt = 0;
  /** The newest position that a probe saw although the stream had not come to it. */
  #ahead: number | undefined;

  constructor(parts: LiveParts) {
    this.#parts = parts;
  }

  get state(): LiveState {
    return this.#state;
  }

  /** Calls `listener` when the state changes. */
  onState(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Hands every event from now on to `reader`. */
  onEvent(reader: (event: GlobalEventMessage) => void): () => void {
    this.#readers.add(reader);
    return () => void this.#readers.delete(reader);
  }

  /** Calls `reset` when what was loaded before may be old. */
  onReset(reset: () => void): () => void {
    this.#resets.add(reset);
    return () => void this.#resets.delete(reset);
  }

  /** Connects, again and again; resolves when it is known from where on events come, or that it is not. */
  async start(): Promise<void> {
    this.#isStopped = false;
    await this.#connect();
  }

  /** Tries at once, where it would wait: the network is back. */
  retry(): void {
    if (this.#isStopped) return;
    if (this.#socket === undefined) void this.#connect();
    else void this.#probe();
  }

  /** The network is known to be gone. */
  lost(): void {
    if (!this.#isStopped) this.#lose();
  }

  stop(): void {
    this.#isStopped = true;
    this.#attempt += 1;
    this.#cancel();
    this.#cancelNote();
    this.#drop();
  }

  async #connect(): Promise<void> {
    this.#cancel();
    this.#drop();
    const attempt = ++this.#attempt;
    try {
      const latest = await this.#parts.latest();
      if (attempt !== this.#attempt) return;
      // Another server, or one that could not be reached when the page was loaded.
      const isOther = this.#cursor === undefined ? this.#state.kind === 'reconnecting' : latest < this.#cursor;
      if (isOther) this.#reset();
      this.#cursor = isOther ? latest : (this.#cursor ?? latest);
      const socket = await this.#parts.open(this.#cursor);
      if (attempt !== this.#attempt) {
        socket.close();
        return;
      }
      this.#socket = socket;
      socket.addEventListener('message', (event) => {
        if (socket === this.#socket && event instanceof MessageEvent) this.#take(String(event.data));
      });
      socket.addEventListener('close', () => {
        if (socket === this.#socket) this.#lose();
      });
      this.#listen();
    } catch {
      if (attempt === this.#attempt) this.#lose();
    }
  }

  #take(text: string): void {
    const message = messageSchema.parse(JSON.parse(text));
    this.#listen();
    this.#waitMs = FIRST_WAIT_MS;
    if (this.#state.kind === 'connecting' || this.#state.kind === 'reconnecting') this.#set({ kind: 'live' });
    if ('position' in message) {
      this.#cursor = message.position;
      for (const reader of this.#readers) reader(message);
    } else if ('to_position' in message) {
      this.#cursor = message.to_position;
      this.#reset();
    } else if (message.event_type === 'cursor') this.#cursor = message.cursor;
  }

  /** Waits for the next message, and asks when none comes. */
  #listen(): void {
    this.#cancel();
    this.#ahead = undefined;
    this.#cancel = this.#parts.clock.schedule(PROBE_MS, () => void this.#probe());
  }

  async #probe(): Promise<void> {
    this.#cancel();
    const attempt = this.#attempt;
    try {
      const latest = await this.#parts.latest();
      if (attempt !== this.#attempt) return;
      const cursor = this.#cursor ?? latest;
      // Behind what was there at the last look already: the stream is dead, although nobody said so. Twice, because it may be under way.
      if (latest < cursor || (this.#ahead !== undefined && cursor < this.#ahead)) this.#lose();
      else {
        this.#listen();
        this.#ahead = latest;
      }
    } catch {
      if (attempt === this.#attempt) this.#lose();
    }
  }

  #lose(): void {
    this.#drop();
    this.#attempt += 1;
    if (this.#isStopped) return;
    const { clock, random } = this.#parts;
    if (this.#state.kind !== 'reconnecting') this.#set({ kind: 'reconnecting', since: clock.now() });
    this.#cancel();
    this.#cancel = clock.schedule(this.#waitMs * (0.75 + random.next() / 2), () => void this.#connect());
    this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS);
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  #reset(): void {
    const { clock } = this.#parts;
    this.#set({ kind: 'reloaded', at: clock.now() });
    this.#cancelNote();
    this.#cancelNote = clock.schedule(RELOADED_MS, () => {
      if (this.#state.kind === 'reloaded') this.#set({ kind: 'live' });
    });
    for (const reset of this.#resets) reset();
  }

  #set(state: LiveState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}
