import { type Agent, type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { type Clock, messageOf, PlatformError } from '@loopwright/protocol';
import { bytesOf } from '../http-ipc/body-writer.ts';
import { BODYLESS } from '../http-ipc/fetch-forms.ts';
import type { IpcRequest, IpcResponse } from '../http-ipc/ipc-messages.ts';
import { NOT_SENT } from '../http-ipc/not-sent.ts';
import type { SocketAddress } from '../transport/socket-transport.ts';
import { endToEnd, outgoingHeaders } from './connection-headers.ts';
import { isSmall, lengthOf, roomIn, streamedBody, wholeBody } from './socket-body.ts';
import type { ClientTls } from './tls-identity.ts';

/** Where requests go. */
export interface TcpRoute {
  readonly address: SocketAddress;
  readonly tls?: ClientTls;
  /** Sockets whose connection stood once. */
  readonly connected: WeakSet<Socket>;
}

interface TcpCallOptions {
  readonly route: TcpRoute;
  readonly request: IpcRequest;
  /** `false` makes a connection for this request alone. */
  readonly agent: Agent | false;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  /** Called once when nothing more can come. */
  readonly onOver: (call: TcpCall) => void;
}

/** One request over a socket and its answer, as the orchestrator sees them. */
export class TcpCall {
  readonly response: Promise<IpcResponse>;
  readonly #options: TcpCallOptions;
  readonly #outgoing: ClientRequest;
  #resolve: (response: IpcResponse) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  #isConnected = false;
  #wasKept = false;
  #hasAnswer = false;
  #hasHead = false;
  /** What the body of the caller threw. */
  #bodyFailure: { readonly error: unknown } | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** @throws TypeError When the request is none. */
  constructor(options: TcpCallOptions) {
    const { request, clock, timeoutMs } = options;
    this.#options = options;
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#outgoing = open(options);
    const onAbort = (): void => this.fail(request.signal?.reason);
    const cancel = clock.schedule(timeoutMs, () => this.fail(late('the answer', timeoutMs)));
    request.signal?.addEventListener('abort', onAbort, { once: true });
    this.#outgoing.on('close', () => {
      request.signal?.removeEventListener('abort', onAbort);
      cancel();
      options.onOver(this);
      // Nothing else may have said so, when the other side just goes away. A body tells its own end, perhaps a moment later.
      if (!this.#hasAnswer) this.fail(new Error('the connection was closed'));
    });
    this.#outgoing.on('error', (error) => this.fail(error));
    this.#outgoing.on('socket', (socket) => this.#takeSocket(socket));
    this.#outgoing.on('response', (incoming) => void this.#take(incoming, cancel).catch((error: unknown) => this.fail(error)));
    if (!(request.body instanceof ReadableStream)) this.#outgoing.end(request.body ?? undefined);
  }

  /** Whether it failed because a connection that was kept was dead already. */
  get wasStale(): boolean {
    return this.#wasKept && !this.#hasHead && isReset(this.#failure?.error);
  }

  /** Ends it with an error. */
  fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    const told = this.#translate(error);
    this.#reject(told);
    this.#outgoing.destroy(told instanceof Error ? told : undefined);
  }

  #takeSocket(socket: Socket): void {
    const { route, clock, connectTimeoutMs, request } = this.#options;
    const begin = (): void => {
      this.#isConnected = true;
      if (request.body instanceof ReadableStream) void this.#sendBody(request.body);
    };
    this.#wasKept = route.connected.has(socket);
    if (this.#wasKept) return begin();
    const cancel = clock.schedule(connectTimeoutMs, () => this.fail(new Error(`no connection within ${connectTimeoutMs} ms`)));
    this.#outgoing.on('close', cancel);
    socket.once(route.tls === undefined ? 'connect' : 'secureConnect', () => {
      cancel();
      socket.setNoDelay(true);
      route.connected.add(socket);
      begin();
    });
    return undefined;
  }

  async #sendBody(body: ReadableStream<Uint8Array>): Promise<void> {
    const outgoing = this.#outgoing;
    outgoing.flushHeaders();
    const source = Readable.fromWeb(body);
    outgoing.on('close', () => source.destroy());
    try {
      for await (const piece of source) {
        if (outgoing.destroyed || outgoing.writableEnded) return;
        if (!outgoing.write(bytesOf(piece))) await roomIn(outgoing);
      }
      outgoing.end();
    } catch (error) {
      this.#bodyFailure = { error };
      this.fail(error);
    }
  }

  async #take(incoming: IncomingMessage, cancelTimer: () => void): Promise<void> {
    const { clock, timeoutMs, request } = this.#options;
    const { statusCode: status = 0 } = incoming;
    this.#hasAnswer = true;
    incoming.on('error', (error) => this.fail(error));
    if (status < 200 || status > 599)
      throw new PlatformError('MODULE_PROTOCOL_ERROR', `Cannot take the answer of the module: its status is ${status}`);
    const headers = endToEnd(incoming.headers);
    const length = lengthOf(incoming);
    if (request.method.toUpperCase() === 'HEAD' || BODYLESS.has(status) || length === 0) {
      incoming.resume();
      this.#hasHead = true;
      return this.#resolve({ status, headers, body: null });
    }
    if (isSmall(length)) {
      const body = await wholeBody(incoming);
      this.#hasHead = true;
      return this.#resolve({ status, headers, body });
    }
    cancelTimer();
    this.#hasHead = true;
    const waits = (): (() => void) =>
      clock.schedule(timeoutMs, () => incoming.destroy(late('the next piece of the answer', timeoutMs)));
    return this.#resolve({ status, headers, body: streamedBody(incoming, waits) });
  }

  /** A connection that was kept had been closed before the first byte of a request that is written at once: the system refused it. */
  #wasNeverSent(error: unknown): boolean {
    const { body } = this.#options.request;
    const isOneWrite = !(body instanceof ReadableStream) && isSmall(body?.length ?? 0);
    return this.#wasKept && !this.#hasAnswer && isOneWrite && codeOf(error) === 'EPIPE';
  }

  /** Errors of sockets in the words of the catalogue; what the caller did itself stays as it is. */
  #translate(error: unknown): unknown {
    const { request } = this.#options;
    if (this.#bodyFailure?.error === error && error !== undefined) return error;
    if (error instanceof PlatformError || (request.signal?.aborted === true && error === request.signal.reason)) return error;
    const why = messageOf(error);
    if (!this.#isConnected)
      return new PlatformError('SERVICE_UNAVAILABLE', `Cannot connect to the module: ${why}`, {
        details: NOT_SENT,
        cause: error,
      });
    if (codeOf(error)?.startsWith('HPE_') === true)
      return new PlatformError('MODULE_PROTOCOL_ERROR', `Cannot read the answer of the module: ${why}`, { cause: error });
    const details = this.#wasNeverSent(error) ? { details: NOT_SENT } : {};
    return new PlatformError('SERVICE_UNAVAILABLE', `Cannot get the answer of the module: ${why}`, { ...details, cause: error });
  }
}

function open({ route: { address, tls }, request, agent }: TcpCallOptions): ClientRequest {
  const { method, uri, headers = {}, body } = request;
  const length = body instanceof Uint8Array ? { 'content-length': String(body.length) } : {};
  const options: RequestOptions = {
    method,
    path: uri,
    headers: { ...outgoingHeaders(headers), ...length },
    agent,
    ...('path' in address ? { socketPath: address.path } : address),
  };
  if (tls === undefined) return httpRequest(options);
  return httpsRequest({
    ...options,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
    rejectUnauthorized: true,
  });
}

function late(what: string, timeoutMs: number): PlatformError {
  return new PlatformError('MODULE_TIMEOUT', `Cannot get ${what}: there was none within ${timeoutMs} ms`);
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

const isReset = (error: unknown): boolean => codeOf(error) === 'ECONNRESET' || codeOf(error) === 'EPIPE';
