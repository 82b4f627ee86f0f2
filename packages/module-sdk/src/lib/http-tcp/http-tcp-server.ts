// T1. Every request that is taken is answered once, or its connection is broken off.
// T2. No more than `maxConcurrent` handlers run; `maxQueued` wait; the rest is answered 503 at once.
// T3. While it drains no request that came is left without its answer, up to `drainMs`.
import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type Clock, messageOf } from '@loopwright/protocol';
import { errorAnswer } from '../http-ipc/error-answer.ts';
import { IpcCounters, type IpcMetrics } from '../http-ipc/ipc-metrics.ts';
import type { IpcHandler, IpcResponse, IpcServerRequest } from '../http-ipc/ipc-messages.ts';
import type { SocketAddress } from '../transport/socket-transport.ts';
import { TcpExchange } from './tcp-exchange.ts';
import type { ServerTls } from './tls-identity.ts';

/** What a {@link HttpTcpServer} works with. */
export interface HttpTcpServerOptions {
  /** The same as over the module channel; `fetchHandler(router.fetch)` makes one of a router. */
  readonly handler: IpcHandler;
  readonly clock: Clock;
  /** HTTPS, and with `clientCa` mutual TLS. */
  readonly tls?: ServerTls;
  /** Handlers that run at once. @default 100 */
  readonly maxConcurrent?: number;
  /** Requests that wait for a handler. @default 256 */
  readonly maxQueued?: number;
  /** Connections at once; more are closed as they come. @default 1000 */
  readonly maxConnections?: number;
  /** From the head of a request to the head of its answer, in milliseconds; then it is answered 408. @default 30 000 */
  readonly timeoutMs?: number;
  /** Gets what handlers throw; callers only learn that the module failed. Must not throw. */
  readonly onError: (error: unknown) => void;
}

const MAX_CONCURRENT = 100;
const MAX_QUEUED = 256;
const MAX_CONNECTIONS = 1000;
const TIMEOUT_MS = 30_000;
const DRAIN_MS = 10_000;

/** Serves a handler over TCP or a Unix socket, with keep-alive. */
export class HttpTcpServer implements AsyncDisposable {
  readonly #options: HttpTcpServerOptions;
  readonly #server: Server;
  readonly #address: SocketAddress;
  readonly #active = new Set<TcpExchange>();
  readonly #queue: TcpExchange[] = [];
  readonly #counters = new IpcCounters();
  readonly #idle: (() => void)[] = [];
  #running = 0;
  #isDraining = false;

  private constructor(server: Server, address: SocketAddress, options: HttpTcpServerOptions) {
    this.#server = server;
    this.#address = address;
    this.#options = options;
    server.on('request', (incoming, outgoing) => this.#receive(incoming, outgoing));
  }

  /**
   * Listens. Whoever can reach the address can ask: a Unix socket is for its owner only (mode 0600); TCP beyond loopback wants mutual TLS, or middleware that checks tokens.
   *
   * @throws The error of listening, and of certificates that are none.
   */
  static async listen(address: SocketAddress, options: HttpTcpServerOptions): Promise<HttpTcpServer> {
    const { tls, maxConnections = MAX_CONNECTIONS } = options;
    const server =
      tls === undefined
        ? createServer()
        : createTlsServer({
            cert: tls.cert,
            key: tls.key,
            ...(tls.clientCa === undefined ? {} : { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true }),
          });
    server.maxConnections = maxConnections;
    // Small answers are waited for.
    server.on('connection', (socket) => socket.setNoDelay(true));
    server.listen('path' in address ? address : { ...address, exclusive: true });
    await once(server, 'listening');
    // Of single connections that cannot be taken: no more files may be opened.
    server.on('error', options.onError);
    if ('path' in address) await chmod(address.path, 0o600);
    const bound = server.address();
    const at = typeof bound === 'object' && bound !== null ? { host: bound.address, port: bound.port } : address;
    return new HttpTcpServer(server, at, options);
  }

  /** Where it listens; the port that was chosen when 0 was asked for. */
  get address(): SocketAddress {
    return this.#address;
  }

  metrics(): IpcMetrics {
    return this.#counters.metrics();
  }

  /**
   * Takes no more connections, answers what has come and what still comes over those that are there (which ends them), and resolves when all are closed. After `drainMs`
   * those that are left are broken off. The file of a Unix socket is removed.
   */
  async close(drainMs: number = DRAIN_MS): Promise<void> {
    if (!this.#isDraining) {
      this.#isDraining = true;
      for (const exchange of this.#active) if (!exchange.isHeadSent) exchange.closeAfter();
    }
    const closed = new Promise<void>((resolve) => {
      // Resolves as well when it has closed already. Idle connections are closed by it.
      this.#server.close(() => resolve());
    });
    const cancel = this.#options.clock.schedule(drainMs, () => this.#server.closeAllConnections());
    await this.#drained();
    this.#server.closeIdleConnections();
    await closed;
    cancel();
    if ('path' in this.#address) await rm(this.#address.path, { force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close(0);
  }

  #drained(): Promise<void> {
    return this.#active.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  #receive(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { clock, maxConcurrent = MAX_CONCURRENT, maxQueued = MAX_QUEUED, timeoutMs = TIMEOUT_MS } = this.#options;
    this.#counters.received();
    const exchange = new TcpExchange(incoming, outgoing);
    if (this.#isDraining) exchange.closeAfter();
    this.#active.add(exchange);
    outgoing.on('close', () => this.#end(exchange, outgoing.writableFinished));
    exchange.cancelTimer = clock.schedule(timeoutMs, () => {
      exchange.abort(new Error(`Cannot answer within ${timeoutMs} ms`));
      // What is left of the request is not worth waiting for.
      exchange.closeAfter();
      void this.#answer(exchange, errorAnswer(408, 'The module did not answer in time'));
    });
    if (this.#running < maxConcurrent) void this.#run(exchange);
    else if (this.#queue.length < maxQueued) this.#queue.push(exchange);
    else void this.#answer(exchange, errorAnswer(503, 'The module has too much to do'));
  }

  async #run(exchange: TcpExchange): Promise<void> {
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

  async #handle(exchange: TcpExchange): Promise<IpcResponse> {
    let request: IpcServerRequest;
    try {
      request = await exchange.request();
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
  async #answer(exchange: TcpExchange, response: IpcResponse): Promise<void> {
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
      if (exchange.isHeadSent) exchange.destroy();
      else await exchange.answer(errorAnswer(500, 'The module failed'), counted);
    }
  }

  #end(exchange: TcpExchange, isWhole: boolean): void {
    exchange.cancelTimer();
    if (!isWhole) {
      this.#counters.brokeOff();
      exchange.abort(new Error('The client is gone'));
    }
    this.#active.delete(exchange);
    if (this.#active.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }
}
