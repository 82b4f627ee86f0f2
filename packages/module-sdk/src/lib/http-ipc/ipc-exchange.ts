import { HTTP_CHUNK_BYTES, MODULE_LINE_LIMIT_BYTES, type OrchestratorMessage } from '@loopwright/protocol';
import type { ModuleSideChannel } from '../channel/module-channel.ts';
import { checkStatus, Exchange, exchangeRequest } from '../exchange/exchange.ts';
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

/** One request over the module channel and its answer. */
export class IpcExchange extends Exchange {
  readonly id: string;
  readonly #channel: ModuleSideChannel;
  readonly #message: HttpRequestMessage;
  readonly #incoming: IncomingBody | undefined;
  #writer: BodyWriter | undefined;
  #isEnded = false;
  #isHeadSent = false;

  constructor(channel: ModuleSideChannel, message: HttpRequestMessage) {
    super();
    this.id = message.request_id;
    this.#channel = channel;
    this.#message = message;
    if (message.streamed !== true) return;
    this.#incoming = new IncomingBody({
      onTaken: (bytes) => channel.send({ op: 'http_window', request_id: this.id, bytes }),
      onCancel: () => undefined,
    });
  }

  protected override get isGone(): boolean {
    return this.#isEnded;
  }

  override get isHeadSent(): boolean {
    return this.#isHeadSent;
  }

  override request(): IpcServerRequest {
    const { method, uri, headers, body } = this.#message;
    const bytes = body === undefined || body === null ? null : decodeBytes(body);
    if (bytes === undefined) throw new TypeError('the body is no base64');
    return exchangeRequest(this, { method, uri, headers, body: this.#incoming?.stream ?? bytes });
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

  override async answer({ status, headers, body }: IpcResponse, onHead: (status: number) => void): Promise<void> {
    const { version } = this.#channel;
    const send = (bytes: Uint8Array, streamed: boolean): void => {
      const head = {
        op: 'http_response',
        request_id: this.id,
        status_code: status,
        headers: headersFor(version, headers),
        ...(streamed ? { streamed } : {}),
      } as const;
      this.#isHeadSent = true;
      if (bytes.length === 0) this.#channel.send(head);
      else if (version < 2) this.#channel.send({ ...head, body: [...bytes] });
      else this.#channel.sendWithBase64(head, 'body', toBase64(bytes));
      onHead(status);
    };
    checkStatus(status);
    const inlineLimit = version < 2 ? WHOLE_BODY_LIMIT_BYTES : HTTP_CHUNK_BYTES;
    if (body === null || this.#message.method.toUpperCase() === 'HEAD') {
      if (body instanceof ReadableStream) void body.cancel();
      return send(NOTHING, false);
    }
    if (body instanceof Uint8Array && body.length <= inlineLimit) return send(body, false);
    const stream = body instanceof Uint8Array ? streamOf(body) : body;
    const { bytes, rest } = await headOfBody(stream, version < 2 ? WHOLE_BODY_LIMIT_BYTES : undefined);
    if (this.#isEnded) return void rest?.reader.cancel();
    if (rest === undefined) return send(bytes, false);
    this.#writer = new BodyWriter(this.#channel, this.id);
    send(bytes, true);
    return this.#writer.send(rest.reader, rest.pending);
  }

  /** Lets go of everything; `why` is what a handler that is still at work learns. */
  end(why?: Error): void {
    this.#isEnded = true;
    this.#writer?.stop();
    this.#incoming?.finish(why);
    if (why !== undefined) this.abort(why);
  }
}
