// U1. Every request ends: with an answer, or with an error within its time-out, whatever the other side does.
// U2. Nothing of a request's body is read before there is a connection: until then the request can go another way.
import { Agent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { type Clock, PlatformError } from '@loopwright/protocol';
import { requestOf, responseOf } from '../http-ipc/fetch-forms.ts';
import { isIdempotent } from '../http-ipc/idempotent.ts';
import type { IpcRequest, IpcResponse } from '../http-ipc/ipc-messages.ts';
import type { ModuleHttp, ModuleRequestInit } from '../http-ipc/module-http.ts';
import { NOT_SENT, wasNotSent } from '../http-ipc/not-sent.ts';
import type { SocketAddress } from '../transport/socket-transport.ts';
import { TcpCall, type TcpRoute } from './tcp-call.ts';
import type { ClientTls } from './tls-identity.ts';

/** What a {@link HttpTcpClient} works with. */
export interface HttpTcpClientOptions {
  readonly address: SocketAddress;
  readonly clock: Clock;
  /** HTTPS; without it the connection is in the clear. */
  readonly tls?: ClientTls;
  /** To the head of the answer, and from one piece of its body to the next while somebody waits for it; in milliseconds. @default 30 000 */
  readonly timeoutMs?: number;
  /** To the connection, with TLS; in milliseconds. @default 3000 */
  readonly connectTimeoutMs?: number;
  /** Connections, and so requests under way at once. @default 100 */
  readonly maxConcurrent?: number;
  /** Requests that wait for that. @default 256 */
  readonly maxQueued?: number;
}

const TIMEOUT_MS = 30_000;
const CONNECT_TIMEOUT_MS = 3000;
const MAX_CONCURRENT = 100;
const MAX_QUEUED = 256;

/** Requests to one module over TCP or a Unix socket, with keep-alive. Follows no redirects. */
export class HttpTcpClient implements ModuleHttp, Disposable {
  readonly #options: HttpTcpClientOptions;
  readonly #route: TcpRoute;
  readonly #agent: Agent;
  readonly #calls = new Set<TcpCall>();
  #isClosed = false;

  constructor(options: HttpTcpClientOptions) {
    const { address, tls, maxConcurrent = MAX_CONCURRENT } = options;
    this.#options = options;
    this.#route = { address, ...(tls === undefined ? {} : { tls }), connected: new WeakSet() };
    const Kind = tls === undefined ? Agent : TlsAgent;
    this.#agent = new Kind({ keepAlive: true, maxSockets: maxConcurrent, scheduling: 'lifo' });
  }

  get pending(): number {
    return this.#calls.size;
  }

  async fetch(input: string | Request, init: ModuleRequestInit = {}): Promise<Response> {
    return responseOf(await this.request(await requestOf(input, init)));
  }

  /**
   * Sends a request and resolves with the head of its answer. A request that may be done twice, or that was never sent, is sent once more when a connection that was kept turns out to be dead.
   *
   * @throws `MODULE_TIMEOUT` when it takes too long, `MODULE_PROTOCOL_ERROR` when the answer is no HTTP, `SERVICE_UNAVAILABLE` when there is no connection or it breaks,
   * `OVERLOADED` when too many wait. What the signal gives as its reason. TypeError when the request is none.
   */
  async request(request: IpcRequest): Promise<IpcResponse> {
    request.signal?.throwIfAborted();
    const call = await this.#send(request, this.#agent);
    if (call.answer !== undefined) return call.answer;
    const isRepeatable =
      call.wasStale && (wasNotSent(call.error) || (isIdempotent(request) && !(request.body instanceof ReadableStream)));
    if (!isRepeatable) throw call.error;
    // All others that were kept may be dead too.
    const again = await this.#send(request, false);
    if (again.answer !== undefined) return again.answer;
    throw again.error;
  }

  /** Breaks off what is under way and closes all connections. */
  close(): void {
    this.#isClosed = true;
    for (const call of this.#calls) call.fail(gone());
    this.#agent.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #send(
    request: IpcRequest,
    agent: Agent | false,
  ): Promise<{ readonly answer?: IpcResponse; readonly error?: unknown; readonly wasStale: boolean }> {
    const {
      clock,
      timeoutMs = TIMEOUT_MS,
      connectTimeoutMs = CONNECT_TIMEOUT_MS,
      maxConcurrent = MAX_CONCURRENT,
      maxQueued = MAX_QUEUED,
    } = this.#options;
    if (this.#isClosed) throw gone();
    if (this.#calls.size >= maxConcurrent + maxQueued)
      throw new PlatformError('OVERLOADED', 'Cannot ask the module: too many requests wait for it', { details: NOT_SENT });
    const call = new TcpCall({
      route: this.#route,
      request,
      agent,
      clock,
      timeoutMs: request.timeoutMs ?? timeoutMs,
      connectTimeoutMs,
      onOver: (over) => this.#calls.delete(over),
    });
    this.#calls.add(call);
    try {
      return { answer: await call.response, wasStale: false };
    } catch (error) {
      return { error, wasStale: call.wasStale };
    }
  }
}

function gone(): PlatformError {
  return new PlatformError('SERVICE_UNAVAILABLE', 'Cannot ask the module: the client is closed', { details: NOT_SENT });
}
