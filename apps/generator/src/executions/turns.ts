import { PlatformError } from '@loopwright/protocol';

/** Lets a number of callers work at a time; the others wait in the order in which they came. */
export class Turns {
  readonly #most: number;
  readonly #queueLimit: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(most: number, queueLimit: number) {
    this.#most = most;
    this.#queueLimit = queueLimit;
  }

  /** Callers that work. */
  get running(): number {
    return this.#running;
  }

  /** Callers that wait. */
  get queued(): number {
    return this.#waiting.length;
  }

  /**
   * Waits for a turn, works, and gives the turn on.
   *
   * @throws PlatformError OVERLOADED when the queue is full; the reason of the signal when it is aborted while waiting
   */
  async take<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    signal.throwIfAborted();
    if (this.#running < this.#most) this.#running += 1;
    else await this.#wait(signal);
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  async #wait(signal: AbortSignal): Promise<void> {
    if (this.#waiting.length >= this.#queueLimit) {
      throw new PlatformError('OVERLOADED', `Cannot take the request: ${this.#waiting.length} others are waiting`, {
        details: { queued: this.#waiting.length, limit: this.#queueLimit },
      });
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abort = (): void => {
      const place = this.#waiting.indexOf(resolve);
      // Not there any more: its turn has come, and the work itself sees the signal.
      if (place === -1) return;
      this.#waiting.splice(place, 1);
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    this.#waiting.push(resolve);
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }
}
