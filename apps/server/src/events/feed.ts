import type { EventSource } from './event-source.ts';
import type { StreamMessage } from './stream-message.ts';

/** Who follows a feed. */
export interface Follower {
  /** There is something new. */
  wake(): void;
}

/** What a feed keeps for those at its head. */
const KEPT_MESSAGES = 512;
const KEPT_BYTES = 256 * 1024;
/** How many followers are woken before the process has its turn with others. */
const WOKEN_AT_ONCE = 256;

/**
 * The newest messages of a source, shared by all its followers: whoever is at the head takes them from here, made once; whoever is behind reads
 * the store at its own pace. Kept messages have no hole between them.
 */
export class Feed {
  readonly source: EventSource;
  readonly #followers = new Set<Follower>();
  readonly #onIdle: () => void;
  readonly #unsubscribe: () => void;
  #kept: StreamMessage[] = [];
  #keptBytes = 0;
  #isWaking = false;

  constructor(source: EventSource, onIdle: () => void) {
    this.source = source;
    this.#onIdle = onIdle;
    this.#unsubscribe = source.subscribe((messages) => this.#push(messages));
  }

  follow(follower: Follower): () => void {
    this.#followers.add(follower);
    return () => {
      if (!this.#followers.delete(follower) || this.#followers.size > 0) return;
      this.#unsubscribe();
      this.#onIdle();
    };
  }

  /** The messages behind a cursor; `undefined` when not all of them are kept. */
  after(cursor: number): readonly StreamMessage[] | undefined {
    const first = this.#kept[0]?.cursor ?? null;
    if (first === null || first > cursor + 1) return undefined;
    return this.#kept.slice(cursor + 1 - first);
  }

  #push(messages: readonly StreamMessage[]): void {
    for (const message of messages) {
      const last = this.#kept.at(-1)?.cursor ?? null;
      if (last !== null && message.cursor !== last + 1) this.#drop(this.#kept.length);
      this.#kept.push(message);
      this.#keptBytes += message.frame('websocket', 'native').length;
    }
    let surplus = 0;
    for (let bytes = this.#keptBytes; this.#kept.length - surplus > KEPT_MESSAGES || bytes > KEPT_BYTES; surplus += 1)
      bytes -= this.#kept[surplus]?.frame('websocket', 'native').length ?? 0;
    this.#drop(surplus);
    this.#wakeLater();
  }

  #drop(count: number): void {
    for (const message of this.#kept.splice(0, count)) this.#keptBytes -= message.frame('websocket', 'native').length;
  }

  /** The events of one commit go out together. */
  #wakeLater(): void {
    if (this.#isWaking) return;
    this.#isWaking = true;
    queueMicrotask(() => {
      this.#isWaking = false;
      this.#wake([...this.#followers]);
    });
  }

  #wake(followers: readonly Follower[]): void {
    for (const follower of followers.slice(0, WOKEN_AT_ONCE)) follower.wake();
    if (followers.length > WOKEN_AT_ONCE) setImmediate(() => this.#wake(followers.slice(WOKEN_AT_ONCE)));
  }
}
