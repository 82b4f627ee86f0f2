// E1. Every exchange that is taken is answered once, unless its owner ends it before.
// E2. No more than `maxConcurrent` handlers run; `maxQueued` exchanges wait; the rest is answered 503 at once.
import { type Clock, messageOf } from '@loopwright/protocol';
import { errorAnswer } from '../http-ipc/error-answer.ts';
import { IpcCounters, type IpcMetrics } from '../http-ipc/ipc-metrics.ts';
import type { IpcHandler, IpcResponse, IpcServerRequest } from '../http-ipc/ipc-messages.ts';
import type { Exchange } from './exchange.ts';

/** What servers of a handler have in common, over the module channel and over sockets. */
export interface HandlerOptions {
  readonly handler: IpcHandler;
  readonly clock: Clock;
  /** Handlers that run at once. @default 100 */
  readonly maxConcurrent?: number;
  /** Requests that wait for a handler. @default 256 */
  readonly maxQueued?: number;
  /** From the head of a request to the head of its answer, in milliseconds; then it is answered 408. @default 30 000 */
  readonly timeoutMs?: number;
  /** Gets what handlers throw; callers only learn that the module failed. Must not throw. */
  readonly onError: (error: unknown) => void;
}

/** How one kind of exchange ends. */
export interface ExchangeEnds<E extends Exchange> {
  /** The time for an answer is over; 408 is sent after this. */
  readonly onTimeout?: (exchange: E) => void;
  /** All of an answer was sent. */
  readonly onAnswered?: (exchange: E) => void;
  /** An answer broke after its head: all that is left is to break the exchange off. */
  readonly onBroken: (exchange: E) => void;
}

const MAX_CONCURRENT = 100;
const MAX_QUEUED = 256;
const TIMEOUT_MS = 30_000;

/** Has exchanges answered by a handler. Who gave one here says with {@link ExchangeServer.over} when it is over. */
export class ExchangeServer<E extends Exchange> {
  readonly #options: HandlerOptions;
  readonly #ends: ExchangeEnds<E>;
  readonly #queue: E[] = [];
  readonly #counters = new IpcCounters();
  readonly #idle: (() => void)[] = [];
  #open = 0;
  #running = 0;

  constructor(options: HandlerOptions, ends: ExchangeEnds<E>) {
    this.#options = options;
    this.#ends = ends;
  }

  metrics(): IpcMetrics {
    return this.#counters.metrics();
  }

  /** Resolves when no exchange is open; those that come meanwhile are served too. */
  drained(): Promise<void> {
    return this.#open === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Takes an exchange: its handler runs now or in its turn, and it is answered in time. */
  take(exchange: E): void {
    const { clock, maxConcurrent = MAX_CONCURRENT, maxQueued = MAX_QUEUED, timeoutMs = TIMEOUT_MS } = this.#options;
    this.#counters.received();
    this.#open += 1;
    exchange.cancelTimer = clock.schedule(timeoutMs, () => {
      exchange.abort(new Error(`Cannot answer within ${timeoutMs} ms`));
      this.#ends.onTimeout?.(exchange);
      void this.#answer(exchange, errorAnswer(408, 'The module did not answer in time'));
    });
    if (this.#running < maxConcurrent) void this.#run(exchange);
    else if (this.#queue.length < maxQueued) this.#queue.push(exchange);
    else void this.#answer(exchange, errorAnswer(503, 'The module has too much to do'));
  }

  /** An exchange is over; called once for each. `brokeOff` counts it as an error. */
  over(exchange: E, { brokeOff }: { readonly brokeOff: boolean }): void {
    exchange.cancelTimer();
    if (brokeOff) this.#counters.brokeOff();
    this.#open -= 1;
    if (this.#open === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #run(exchange: E): Promise<void> {
    this.#running += 1;
    try {
      await this.#answer(exchange, await this.#handle(exchange));
    } finally {
      this.#running -= 1;
      // Those that timed out or were given up while they waited are no work any more.
      let next = this.#queue.shift();
      while (next?.isOver === true) next = this.#queue.shift();
      if (next !== undefined) void this.#run(next);
    }
  }

  async #handle(exchange: E): Promise<IpcResponse> {
    let request: IpcServerRequest;
    try {
      const read = exchange.request();
      request = read instanceof Promise ? await read : read;
    } catch (error) {
      return errorAnswer(400, `The request cannot be read: ${messageOf(error)}`);
    }
    try {
      return await this.#options.handler(request);
    } catch (error) {
      if (!exchange.isOver) this.#options.onError(error);
      return errorAnswer(500, 'The module failed');
    }
  }

  /** Sends the answer, unless there was one already. */
  async #answer(exchange: E, response: IpcResponse): Promise<void> {
    if (!exchange.claimAnswer()) {
      if (response.body instanceof ReadableStream) void response.body.cancel().catch(() => undefined);
      return;
    }
    exchange.cancelTimer();
    const counted = (status: number): void => this.#counters.sent(status, performance.now() - exchange.startedAt);
    try {
      await exchange.answer(response, counted);
    } catch (error) {
      this.#options.onError(error);
      if (exchange.isHeadSent) {
        this.#ends.onBroken(exchange);
        return;
      }
      await exchange.answer(errorAnswer(500, 'The module failed'), counted);
    }
    this.#ends.onAnswered?.(exchange);
  }
}
