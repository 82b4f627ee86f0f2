import { MODULE_LINE_LIMIT_BYTES, type OrchestratorMessage } from '@loopwright/protocol';
import type { ModuleSideChannel } from '../channel/module-channel.ts';
import { BodyWriter } from './body-writer.ts';
import { headOfBody } from './head-of-body.ts';
import { IncomingBody } from './body-reader.ts';
import { toRequest } from './ipc-request.ts';
import { encodeBytes } from './wire-bytes.ts';
import { toWireHeaders } from './wire-headers.ts';

type HttpRequestMessage = Extract<OrchestratorMessage, { op: 'http_request' }>;

/** A body of an orchestrator of version 1 goes in one line, up to four characters a byte. */
const WHOLE_BODY_LIMIT_BYTES = MODULE_LINE_LIMIT_BYTES / 4 - 64 * 1024;

/** One request and its answer, as the module sees them. */
export class IpcExchange {
  readonly id: string;
  readonly startedAt: number = performance.now();
  /** Ends the time in which there must be an answer. */
  cancelTimer: () => void = () => undefined;
  readonly #channel: ModuleSideChannel;
  readonly #message: HttpRequestMessage;
  readonly #abort = new AbortController();
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
  request(): Request {
    return toRequest(this.#message, { stream: this.#incoming?.stream, signal: this.#abort.signal });
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
    this.#abort.abort(why);
  }

  /** Gives `true` to the first that asks: only that one may answer. */
  claimAnswer(): boolean {
    if (this.isOver) return false;
    this.#isAnswered = true;
    return true;
  }

  /** Sends an answer. @throws What its body throws. */
  async answer(response: Response, onHead: (status: number) => void): Promise<void> {
    const { version } = this.#channel;
    const head = {
      op: 'http_response',
      request_id: this.id,
      status_code: response.status,
      headers: toWireHeaders(response.headers, version),
    } as const;
    const body = this.#message.method.toUpperCase() === 'HEAD' ? null : response.body;
    if (body === null) {
      void response.body?.cancel();
      this.#isHeadSent = true;
      this.#channel.send({ ...head, body: null });
      return onHead(response.status);
    }
    const { bytes, rest } = await headOfBody(body, version < 2 ? WHOLE_BODY_LIMIT_BYTES : undefined);
    if (this.#isOver) return void rest?.reader.cancel();
    const written = bytes.length === 0 ? null : encodeBytes(bytes, version);
    this.#writer = rest === undefined ? undefined : new BodyWriter(this.#channel, this.id);
    this.#isHeadSent = true;
    this.#channel.send({ ...head, body: written, ...(rest === undefined ? {} : { streamed: true }) });
    onHead(response.status);
    if (rest !== undefined) await this.#writer?.send(rest.reader, rest.pending);
    return undefined;
  }

  /** Lets go of everything; `why` is what a handler that is still at work learns. */
  end(why?: Error): void {
    this.#isOver = true;
    this.cancelTimer();
    this.#writer?.stop();
    this.#incoming?.finish(why);
    if (why !== undefined) this.#abort.abort(why);
  }
}
