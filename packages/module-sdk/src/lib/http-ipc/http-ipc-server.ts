// H1. Nothing is sent for an exchange after its answer, or after it was broken off by `http_cancel`.
import type { OrchestratorMessage } from '@loopwright/protocol';
import type { ModuleSideChannel } from '../channel/module-channel.ts';
import { ExchangeServer, type HandlerOptions } from '../exchange/exchange-server.ts';
import type { IpcMetrics } from './ipc-metrics.ts';
import { IpcExchange } from './ipc-exchange.ts';
import { decodeBytes } from './wire-bytes.ts';

/** What a {@link HttpIpcServer} works with. */
export interface HttpIpcServerOptions extends HandlerOptions {
  readonly channel: ModuleSideChannel;
}

type HttpRequestMessage = Extract<OrchestratorMessage, { op: 'http_request' }>;

/** Serves a handler over the module channel, with no port. */
export class HttpIpcServer {
  readonly #channel: ModuleSideChannel;
  readonly #exchanges = new Map<string, IpcExchange>();
  readonly #server: ExchangeServer<IpcExchange>;

  constructor(options: HttpIpcServerOptions) {
    const { channel } = options;
    this.#channel = channel;
    this.#server = new ExchangeServer(options, {
      onAnswered: (exchange) => this.#end(exchange),
      onBroken: (exchange) => this.#breakOff(exchange, 'the body of the answer failed'),
    });
    channel.on('http_request', (message) => this.#receive(message));
    channel.on('http_body', ({ request_id: id, data, last }) => {
      const exchange = this.#exchanges.get(id);
      if (exchange === undefined) return;
      const bytes = decodeBytes(data);
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
    return this.#server.metrics();
  }

  /** Resolves when nothing is under way or waits; requests that come meanwhile are served too. */
  drain(): Promise<void> {
    return this.#server.drained();
  }

  #receive(message: HttpRequestMessage): void {
    if (this.#exchanges.has(message.request_id))
      return this.#channel.reportUnexpected('an http_request has the id of one that is under way');
    const exchange = new IpcExchange(this.#channel, message);
    this.#exchanges.set(exchange.id, exchange);
    return this.#server.take(exchange);
  }

  #breakOff(exchange: IpcExchange, reason: string): void {
    if (!this.#exchanges.has(exchange.id)) return;
    this.#channel.send({ op: 'http_cancel', request_id: exchange.id, reason });
    this.#end(exchange, new Error(reason), { brokeOff: true });
  }

  #end(exchange: IpcExchange, why?: Error, { brokeOff } = { brokeOff: false }): void {
    if (!this.#exchanges.delete(exchange.id)) return;
    exchange.end(why);
    this.#server.over(exchange, { brokeOff });
  }
}
