import { HTTP_CHUNK_BYTES, MODULE_LINE_LIMIT_BYTES, type OrchestratorMessage } from '@loopwright/protocol';
import type { ModuleSideChannel } from '../channel/module-channel.ts';
import { BodyWriter } from './body-writer.ts';
import { headOfBody } from './head-of-body.ts';
import { IncomingBody } from './body-reader.ts';
import { streamOf } from './fetch-forms.ts';
import type { IpcResponse, IpcServerRequest } from './ipc-messages.ts';
import { decodeBytes, toBase64 } from './wire-bytes.ts';
import { headersFor } from './wire-headers.ts';

type HttpRequestMessage = Extract<OrchestratorMessage, { op: 'http_request' }>;

/** A body of an orchestrator of version 1 goes in one line, up to four characters a byte. */
const WHOLE_BODY_LIMIT_BYTES = MODULE_LINE_LIMIT_BYTES / 4 - 64 * 1024;

const NOTHING = new Uint8Array();

/** One request and its answer, as the module sees them. */
export class IpcExchange {
  readonly id: string;
  readonly startedAt: number = performance.now();
  /** Ends the time in which there must be an answer. */
  cancelTimer: () => void = () => undefined;
  readonly #channel: ModuleSideChannel;
  readonly #message: HttpRequestMessage;
  #abort: AbortController | undefined;
  #aborted: Error | undefined;
  readonly #incoming: IncomingBody | undefined;
  #writer: BodyWriter | undefined;
  #isAnswered = false;
  #isOver = false;
  #isHeadSent = false;

  constructor(channel: ModuleSideChannel, message: HttpRequestMessage) {
    this.id = message.request_id;
    this.#channel = channel;
    this.#message = message;
    if (message.streamed !== true) return;
    this.#incoming = new IncomingBody({
      onTaken: (bytes) => channel.send({ op: 'http_window', request_id: this.id, bytes }),
      onCancel: () => undefined,
    });
  }

  /** Whether nobody waits for an answer of the handler any more. */
  get isOver(): boolean {
    return this.#isOver || this.#isAnswered;
  }

  /** Whether the orchestrator knows a status already. */
  get isHeadSent(): boolean {
    return this.#isHeadSent;
  }

  /** What the handler gets. @throws TypeError When the message is no proper request. */
  request(): IpcServerRequest {
    const { method, uri, headers, body } = this.#message;
    if (!uri.startsWith('/') || uri.startsWith('//')) throw new TypeError('the uri is no path');
    const bytes = body === undefined || body === null ? null : decodeBytes(body);
    if (bytes === undefined) throw new TypeError('the body is no base64');
    const signal = (): AbortSignal => this.#signal();
    return {
      method,
      uri,
      headers,
      body: this.#incoming?.stream ?? bytes,
      // Most handlers never ask for it.
      get signal() {
        return signal();
      },
    };
  }

  /** Adds a piece of the request's body. Gives `false` when it breaks the rules. */
  takeBody(bytes: Uint8Array, isLast: boolean): boolean {
    if (this.#incoming === undefined || !this.#incoming.push(bytes)) return false;
    if (isLast) this.#incoming.finish();
    return true;
  }

  grant(bytes: number): void {
    this.#writer?.grant(bytes);
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

  /** Sends an answer. @throws What its body throws, and TypeError when it is no proper answer. */
  async answer({ status, headers, body }: IpcResponse, onHead: (status: number) => void): Promise<void> {
    const { version } = this.#channel;
    const send = (bytes: Uint8Array, streamed: boolean): void => {
      this.#isHeadSent = true;
      const head = {
        op: 'http_response',
        request_id: this.id,
        status_code: status,
        headers: headersFor(version, headers),
        ...(streamed ? { streamed } : {}),
      } as const;
      if (bytes.length === 0) this.#channel.send(head);
      else if (version < 2) this.#channel.send({ ...head, body: [...bytes] });
      else this.#channel.sendWithBase64(head, 'body', toBase64(bytes));
      onHead(status);
    };
    if (!Number.isInteger(status) || status < 200 || status > 599) throw new TypeError(`Cannot answer with the status ${status}`);
    const inlineLimit = version < 2 ? WHOLE_BODY_LIMIT_BYTES : HTTP_CHUNK_BYTES;
    if (body === null || this.#message.method.toUpperCase() === 'HEAD') {
      if (body instanceof ReadableStream) void body.cancel();
      return send(NOTHING, false);
    }
    if (body instanceof Uint8Array && body.length <= inlineLimit) return send(body, false);
    const stream = body instanceof Uint8Array ? streamOf(body) : body;
    const { bytes, rest } = await headOfBody(stream, version < 2 ? WHOLE_BODY_LIMIT_BYTES : undefined);
    if (this.#isOver) return void rest?.reader.cancel();
    if (rest === undefined) return send(bytes, false);
    this.#writer = new BodyWriter(this.#channel, this.id);
    send(bytes, true);
    return this.#writer.send(rest.reader, rest.pending);
  }

  /** Lets go of everything; `why` is what a handler that is still at work learns. */
  end(why?: Error): void {
    this.#isOver = true;
    this.cancelTimer();
    this.#writer?.stop();
    this.#incoming?.finish(why);
    if (why !== undefined) this.abort(why);
  }
}
