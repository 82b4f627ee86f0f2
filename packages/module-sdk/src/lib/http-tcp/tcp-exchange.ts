import type { IncomingMessage, ServerResponse } from 'node:http';
import { BODYLESS } from '../http-ipc/fetch-forms.ts';
import { bytesOf } from '../http-ipc/body-writer.ts';
import { type BodyHead, headOfBody } from '../http-ipc/head-of-body.ts';
import type { IpcResponse, IpcServerRequest } from '../http-ipc/ipc-messages.ts';
import { endToEnd, outgoingHeaders } from './connection-headers.ts';
import { isSmall, lengthOf, streamedBody, wholeBody } from './socket-body.ts';

/** One request over a socket and its answer, as the module sees them. */
export class TcpExchange {
  readonly startedAt: number = performance.now();
  /** Stops the watch over the time to the head of the answer. */
  cancelTimer: () => void = () => undefined;
  readonly #incoming: IncomingMessage;
  readonly #outgoing: ServerResponse;
  #isAnswered = false;
  #abort: AbortController | undefined;
  #aborted: Error | undefined;

  constructor(incoming: IncomingMessage, outgoing: ServerResponse) {
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    // Its errors are those of the connection, whose end is told too.
    incoming.on('error', () => undefined);
    outgoing.on('error', () => undefined);
  }

  /** Whether nobody waits for an answer of the handler any more. */
  get isOver(): boolean {
    return this.#isAnswered || this.#outgoing.destroyed;
  }

  /** Whether the client knows a status already. */
  get isHeadSent(): boolean {
    return this.#outgoing.headersSent;
  }

  /** What the handler gets. @throws TypeError When it is no proper request; Error when it breaks off. */
  async request(): Promise<IpcServerRequest> {
    const { method = '', url = '' } = this.#incoming;
    if (!url.startsWith('/') || url.startsWith('//')) throw new TypeError('the uri is no path');
    const signal = (): AbortSignal => this.#signal();
    return {
      method,
      uri: url,
      headers: endToEnd(this.#incoming.headers),
      body: await this.#body(),
      // Most handlers never ask for it.
      get signal() {
        return signal();
      },
    };
  }

  async #body(): Promise<IpcServerRequest['body']> {
    const length = lengthOf(this.#incoming);
    if (length === 0 || (length === undefined && this.#incoming.headers['transfer-encoding'] === undefined)) return null;
    return isSmall(length) ? wholeBody(this.#incoming) : streamedBody(this.#incoming, () => () => undefined);
  }

  /** Tells the handler that nobody waits any more. */
  abort(why: Error): void {
    this.#aborted ??= why;
    this.#abort?.abort(why);
  }

  #signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#aborted !== undefined) this.#abort.abort(this.#aborted);
    return this.#abort.signal;
  }

  /** Gives `true` to the first that asks: only that one may answer. */
  claimAnswer(): boolean {
    if (this.isOver) return false;
    this.#isAnswered = true;
    return true;
  }

  /** Lets the connection end with this answer. */
  closeAfter(): void {
    this.#outgoing.shouldKeepAlive = false;
  }

  /** Breaks the connection off. */
  destroy(): void {
    this.#outgoing.destroy();
  }

  /** Sends an answer. @throws What its body throws, and TypeError when it is no proper answer. */
  async answer({ status, headers, body }: IpcResponse, onHead: (status: number) => void): Promise<void> {
    if (!Number.isInteger(status) || status < 200 || status > 599) throw new TypeError(`Cannot answer with the status ${status}`);
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
      if (!outgoing.write(bytesOf(next.value)) && !outgoing.destroyed)
        await new Promise<void>((resolve) => {
          const go = (): void => {
            outgoing.off('drain', go);
            outgoing.off('close', go);
            resolve();
          };
          outgoing.on('drain', go);
          outgoing.on('close', go);
        });
    outgoing.off('close', stop);
    outgoing.end();
    return undefined;
  }
}
