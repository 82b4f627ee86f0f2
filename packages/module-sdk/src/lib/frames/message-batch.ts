import type { Clock } from '@loopwright/protocol';

/** When messages that wait for company go. */
export interface BatchConfig {
  /** So many are enough. @default 100 */
  readonly maxMessages?: number;
  /** The first one waits no longer, in milliseconds; 0: until the turn of the loop is over. @default 10 */
  readonly maxWaitMs?: number;
  /** So many bytes are enough. @default 1 048 576 */
  readonly maxBytes?: number;
}

const MAX_MESSAGES = 100;
const MAX_WAIT_MS = 10;
const MAX_BYTES = 1024 * 1024;

/** Gathers messages and gives them on together, in their order: with the hundredth, with a mebibyte, or 10 ms after the first. */
export class MessageBatch {
  readonly #config: Required<BatchConfig>;
  readonly #clock: Clock;
  readonly #onBatch: (messages: readonly Buffer[]) => void;
  #messages: Buffer[] = [];
  #bytes = 0;
  #cancel: () => void = () => undefined;

  constructor(
    { maxMessages = MAX_MESSAGES, maxWaitMs = MAX_WAIT_MS, maxBytes = MAX_BYTES }: BatchConfig,
    { clock, onBatch }: { readonly clock: Clock; readonly onBatch: (messages: readonly Buffer[]) => void },
  ) {
    this.#config = { maxMessages, maxWaitMs, maxBytes };
    this.#clock = clock;
    this.#onBatch = onBatch;
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  add(message: Buffer): void {
    const { maxMessages, maxWaitMs, maxBytes } = this.#config;
    // No batch is larger than the limit, but for one message that is.
    if (this.#bytes > 0 && this.#bytes + message.length > maxBytes) this.flush();
    if (this.#messages.length === 0) this.#flushAfter(maxWaitMs);
    this.#messages.push(message);
    this.#bytes += message.length;
    if (this.#messages.length >= maxMessages || this.#bytes >= maxBytes) this.flush();
  }

  #flushAfter(waitMs: number): void {
    if (waitMs > 0) this.#cancel = this.#clock.schedule(waitMs, () => this.flush());
    else process.nextTick(() => this.flush());
  }

  /** Gives on what waits, now. */
  flush(): void {
    this.#cancel();
    if (this.#messages.length === 0) return;
    const messages = this.#messages;
    this.clear();
    this.#onBatch(messages);
  }

  /** Forgets what waits. */
  clear(): void {
    this.#cancel();
    this.#messages = [];
    this.#bytes = 0;
  }
}
