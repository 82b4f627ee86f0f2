// H1. Every request that is taken is answered once, or broken off by `http_cancel`; nothing is sent for an exchange after either.
// H2. No more than `maxConcurrent` handlers run; `maxQueued` wait; the rest is answered 503 at once.
import { type Clock, messageOf, type OrchestratorMessage } from '@loopwright/protocol';
import type { ModuleSideChannel } from '../channel/module-channel.ts';
import { errorAnswer } from './error-answer.ts';
import { IpcCounters, type IpcMetrics } from './ipc-metrics.ts';
import { IpcExchange } from './ipc-exchange.ts';
import type { IpcHandler, IpcResponse, IpcServerRequest } from './ipc-messages.ts';
import { decodeBytes } from './wire-bytes.ts';

/** What a {@link HttpIpcServer} works with. */
export interface HttpIpcServerOptions {
  readonly channel: ModuleSideChannel;
  readonly handler: IpcHandler;
  readonly clock: Clock;
  /** Handlers that run at once. @default 100 */
  readonly maxConcurrent?: number;
  /** Requests that wait for a handler. @default 256 */
  readonly maxQueued?: number;
  /** From the arrival of a request to the head of its answer, in milliseconds; then it is answered 408. @default 30 000 */
  readonly timeoutMs?: number;
  /** Gets what handlers throw; callers only learn that the module failed. Must not throw. */
  readonly onError: (error: unknown) => void;
}

type HttpRequestMessage = Extract<OrchestratorMessage, { op: 'http_request' }>;

const MAX_CONCURRENT = 100;
const MAX_QUEUED = 256;
const TIMEOUT_MS = 30_000;

/** Serves a handler over the module channel, with no port. */
export class HttpIpcServer {
  readonly #options: HttpIpcServerOptions;
  readonly #exchanges = new Map<string, IpcExchange>();
  readonly #queue: IpcExchange[] = [];
  readonly #counters = new IpcCounters();
  readonly #idle: (() => void)[] = [];
  #running = 0;

  constructor(options: HttpIpcServerOptions) {
    this.#options = options;
    const { channel } = options;
    channel.on('http_request', (message) => this.#receive(message));
    channel.on('http_body', ({ request_id: id, data, last }) => {
      const bytes = decodeBytes(data);
      const exchange = this.#exchanges.get(id);
      if (exchange === undefined) return;
      if (bytes === undefined || !exchange.takeBody(bytes, last))
        this.#breakOff(exchange, 'the body of the request breaks the rules');
    });
    channel.on('http_window', ({ request_id: id, bytes }) => this.#exchanges.get(id)?.grant(bytes));
    channel.on('http_cancel', ({ request_id: id, reason }) => {
      const exchange = this.#exchanges.get(id);
      if (exchange !== undefined)
        this.#end(exchange, new Error(`The orchestrator gave the request up: ${reason ?? 'no reason'}`));
    });
    channel.onClose(() => {
      for (const exchange of this.#exchanges.values()) this.#end(exchange, new Error('The orchestrator is gone'));
    });
  }

  metrics(): IpcMetrics {
    return this.#counters.metrics();
  }

  /** Resolves when nothing is under way or waits; requests that come meanwhile are served too. */
  drain(): Promise<void> {
    return this.#exchanges.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  #receive(message: HttpRequestMessage): void {
    const { channel, clock, maxConcurrent = MAX_CONCURRENT, maxQueued = MAX_QUEUED, timeoutMs = TIMEOUT_MS } = this.#options;
    this.#counters.received();
    const { request_id: id } = message;
    if (this.#exchanges.has(id)) return channel.reportUnexpected('an http_request has the id of one that is under way');
    const exchange = new IpcExchange(channel, message);
    this.#exchanges.set(id, exchange);
    exchange.cancelTimer = clock.schedule(timeoutMs, () => {
      exchange.abort(new Error(`Cannot answer within ${timeoutMs} ms`));
      void this.#answer(exchange, errorAnswer(408, 'The module did not answer in time'));
    });
    if (this.#running < maxConcurrent) void this.#run(exchange);
    else if (this.#queue.length < maxQueued) this.#queue.push(exchange);
    else void this.#answer(exchange, errorAnswer(503, 'The module has too much to do'));
    return undefined;
  }

  async #run(exchange: IpcExchange): Promise<void> {
    this.#running += 1;
    try {
      const response = await this.#handle(exchange);
      await this.#answer(exchange, response);
    } finally {
      this.#running -= 1;
      // Those that timed out or were given up while they waited are no work any more.
      let next = this.#queue.shift();
      while (next?.isOver === true) next = this.#queue.shift();
      if (next !== undefined) void this.#run(next);
    }
  }

  async #handle(exchange: IpcExchange): Promise<IpcResponse> {
    let request: IpcServerRequest;
    try {
      request = exchange.request();
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
  async #answer(exchange: IpcExchange, response: IpcResponse): Promise<void> {
    if (!exchange.claimAnswer()) {
      if (response.body instanceof ReadableStream) void response.body.cancel().catch(() => undefined);
      return undefined;
    }
    exchange.cancelTimer();
    const counted = (status: number): void => this.#counters.sent(status, performance.now() - exchange.startedAt);
    try {
      await exchange.answer(response, counted);
      this.#end(exchange);
    } catch (error) {
      this.#options.onError(error);
      if (exchange.isHeadSent) return this.#breakOff(exchange, 'the body of the answer failed');
      await exchange.answer(errorAnswer(500, 'The module failed'), counted);
      this.#end(exchange);
    }
    return undefined;
  }

  #breakOff(exchange: IpcExchange, reason: string): void {
    if (!this.#exchanges.has(exchange.id)) return;
    this.#counters.brokeOff();
    this.#options.channel.send({ op: 'http_cancel', request_id: exchange.id, reason });
    this.#end(exchange, new Error(reason));
  }

  #end(exchange: IpcExchange, why?: Error): void {
    if (!this.#exchanges.delete(exchange.id)) return;
    exchange.end(why);
    if (this.#exchanges.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }
}
