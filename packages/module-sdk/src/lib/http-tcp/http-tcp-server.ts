// T1. An answer that breaks after its head ends its connection.
// T2. While it drains no request that came is left without its answer, up to `drainMs`.
import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { ExchangeServer, type HandlerOptions } from '../exchange/exchange-server.ts';
import type { IpcMetrics } from '../http-ipc/ipc-metrics.ts';
import type { SocketAddress } from '../transport/socket-transport.ts';
import { TcpExchange } from './tcp-exchange.ts';
import type { ServerTls } from './tls-identity.ts';

/** What a {@link HttpTcpServer} works with; the handler is the same as over the module channel, `fetchHandler(router.fetch)` makes one of a router. */
export interface HttpTcpServerOptions extends HandlerOptions {
  /** HTTPS, and with `clientCa` mutual TLS. */
  readonly tls?: ServerTls;
  /** Connections at once; more are closed as they come. @default 1000 */
  readonly maxConnections?: number;
}

const MAX_CONNECTIONS = 1000;
const DRAIN_MS = 10_000;

/** Serves a handler over TCP or a Unix socket, with keep-alive. */
export class HttpTcpServer implements AsyncDisposable {
  readonly #options: HttpTcpServerOptions;
  readonly #server: Server;
  readonly #address: SocketAddress;
  readonly #active = new Set<TcpExchange>();
  readonly #exchanges: ExchangeServer<TcpExchange>;
  #isDraining = false;

  private constructor(server: Server, address: SocketAddress, options: HttpTcpServerOptions) {
    this.#server = server;
    this.#address = address;
    this.#options = options;
    this.#exchanges = new ExchangeServer(options, {
      // What is left of the request is not worth waiting for.
      onTimeout: (exchange) => exchange.closeAfter(),
      onBroken: (exchange) => exchange.destroy(),
    });
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
    return this.#exchanges.metrics();
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
    await this.#exchanges.drained();
    this.#server.closeIdleConnections();
    await closed;
    cancel();
    if ('path' in this.#address) await rm(this.#address.path, { force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close(0);
  }

  #receive(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const exchange = new TcpExchange(incoming, outgoing);
    if (this.#isDraining) exchange.closeAfter();
    this.#active.add(exchange);
    outgoing.on('close', () => this.#end(exchange, outgoing.writableFinished));
    this.#exchanges.take(exchange);
  }

  #end(exchange: TcpExchange, isWhole: boolean): void {
    if (!isWhole) exchange.abort(new Error('The client is gone'));
    this.#active.delete(exchange);
    this.#exchanges.over(exchange, { brokeOff: !isWhole });
  }
}
