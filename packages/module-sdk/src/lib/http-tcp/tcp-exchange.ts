import type { IncomingMessage, ServerResponse } from 'node:http';
import { checkStatus, Exchange, exchangeRequest } from '../exchange/exchange.ts';
import { BODYLESS } from '../http-ipc/fetch-forms.ts';
import { bytesOf } from '../http-ipc/body-writer.ts';
import { type BodyHead, headOfBody } from '../http-ipc/head-of-body.ts';
import type { IpcResponse, IpcServerRequest } from '../http-ipc/ipc-messages.ts';
import { endToEnd, outgoingHeaders } from './connection-headers.ts';
import { isSmall, lengthOf, roomIn, streamedBody, wholeBody } from './socket-body.ts';

/** One request over a socket and its answer. */
export class TcpExchange extends Exchange {
  readonly #incoming: IncomingMessage;
  readonly #outgoing: ServerResponse;

  constructor(incoming: IncomingMessage, outgoing: ServerResponse) {
    super();
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    // Its errors are those of the connection, whose end is told too.
    incoming.on('error', () => undefined);
    outgoing.on('error', () => undefined);
  }

  protected override get isGone(): boolean {
    return this.#outgoing.destroyed;
  }

  override get isHeadSent(): boolean {
    return this.#outgoing.headersSent;
  }

  override async request(): Promise<IpcServerRequest> {
    const { method = '', url: uri = '', headers } = this.#incoming;
    return exchangeRequest(this, { method, uri, headers: endToEnd(headers), body: await this.#body() });
  }

  async #body(): Promise<IpcServerRequest['body']> {
    const length = lengthOf(this.#incoming);
    if (length === 0 || (length === undefined && this.#incoming.headers['transfer-encoding'] === undefined)) return null;
    return isSmall(length) ? wholeBody(this.#incoming) : streamedBody(this.#incoming, () => () => undefined);
  }

  /** Lets the connection end with this answer. */
  closeAfter(): void {
    this.#outgoing.shouldKeepAlive = false;
  }

  /** Breaks the connection off. */
  destroy(): void {
    this.#outgoing.destroy();
  }

  override async answer({ status, headers, body }: IpcResponse, onHead: (status: number) => void): Promise<void> {
    checkStatus(status);
    const outgoing = this.#outgoing;
    const kept = outgoingHeaders(headers);
    const begin = (length?: number): void => {
      outgoing.writeHead(status, length === undefined ? kept : { ...kept, 'content-length': String(length) });
      onHead(status);
    };
    if (body === null || this.#incoming.method === 'HEAD' || BODYLESS.has(status)) {
      if (body instanceof ReadableStream) void body.cancel().catch(() => undefined);
      begin(body === null && !BODYLESS.has(status) && this.#incoming.method !== 'HEAD' ? 0 : undefined);
      outgoing.end();
      return;
    }
    if (body instanceof Uint8Array) {
      begin(body.length);
      outgoing.end(body);
      return;
    }
    const { bytes, rest } = await headOfBody(body);
    begin(rest === undefined ? bytes.length : undefined);
    if (rest === undefined) outgoing.end(bytes);
    else await this.#stream(bytes, rest);
  }

  async #stream(first: Uint8Array, { reader, pending }: NonNullable<BodyHead['rest']>): Promise<void> {
    const outgoing = this.#outgoing;
    const stop = (): void => void reader.cancel().catch(() => undefined);
    // A body that waits for its next event would otherwise never learn that nobody is there.
    if (outgoing.destroyed) return stop();
    outgoing.once('close', stop);
    if (first.length > 0) outgoing.write(first);
    else outgoing.flushHeaders();
    for (let next = await pending; !next.done && !outgoing.destroyed; next = await reader.read())
      if (!outgoing.write(bytesOf(next.value)) && !outgoing.destroyed) await roomIn(outgoing);
    outgoing.off('close', stop);
    outgoing.end();
    return undefined;
  }
}
