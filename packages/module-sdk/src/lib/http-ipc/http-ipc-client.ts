// I1. Every request ends: with an answer, or with an error within its time-out, whatever the module does.
// I2. What a module sends for an exchange that is over is dropped; for one that never was it is reported.
import { type Clock, HTTP_CHUNK_BYTES, MODULE_LINE_LIMIT_BYTES, PlatformError } from '@loopwright/protocol';
import type { OrchestratorChannel } from '../channel/module-channel.ts';
import { requestOf, responseOf, streamOf } from './fetch-forms.ts';
import { IpcCall } from './ipc-call.ts';
import type { IpcRequest, IpcResponse } from './ipc-messages.ts';
import type { ModuleHttp, ModuleRequestInit } from './module-http.ts';
import { NOT_SENT } from './not-sent.ts';
import { decodeBytes, toBase64 } from './wire-bytes.ts';
import { headersFor } from './wire-headers.ts';

/** What a {@link HttpIpcClient} works with. */
export interface HttpIpcClientOptions {
  readonly channel: OrchestratorChannel;
  readonly clock: Clock;
  /** To the head of the answer, and from one piece of its body to the next while somebody waits for it; in milliseconds. @default 30 000 */
  readonly timeoutMs?: number;
  /** Requests under way at once. @default 100 */
  readonly maxConcurrent?: number;
  /** Requests that wait for that. @default 256 */
  readonly maxQueued?: number;
}

const TIMEOUT_MS = 30_000;
const MAX_CONCURRENT = 100;
const MAX_QUEUED = 256;
/** To a module of version 1 a body goes in one line, up to four characters a byte. */
const WHOLE_BODY_LIMIT_BYTES = MODULE_LINE_LIMIT_BYTES / 4 - 64 * 1024;

/** Requests to one module over its channel: the orchestrator's side of HTTP over IPC. */
export class HttpIpcClient implements ModuleHttp {
  readonly #options: HttpIpcClientOptions;
  readonly #calls = new Map<string, IpcCall>();
  readonly #waiting: IpcCall[] = [];
  #lastId = 0;

  constructor(options: HttpIpcClientOptions) {
    this.#options = options;
    const { channel } = options;
    channel.on('http_response', (message) => this.#call(message.request_id)?.takeHead(message));
    channel.on('http_body', ({ request_id: id, data, last }) => this.#call(id)?.takeBody(decodeBytes(data), last));
    channel.on('http_window', ({ request_id: id, bytes }) => this.#call(id)?.grant(bytes));
    channel.on('http_cancel', ({ request_id: id, reason }) =>
      this.#call(id)?.fail(
        new PlatformError('MODULE_PROTOCOL_ERROR', `Cannot get the answer: the module gave up (${reason ?? 'no reason'})`),
      ),
    );
    channel.onClose(() => {
      // Those first: the end of a call would let one of them begin.
      for (const call of this.#waiting.splice(0)) call.fail(gone({ wasSent: false }));
      for (const call of this.#calls.values()) call.fail(gone({ wasSent: true }));
    });
  }

  /** Requests that are under way or wait. */
  get pending(): number {
    return this.#calls.size + this.#waiting.length;
  }

  /** As {@link HttpIpcClient.request}, in the words of `fetch`. Relative URLs are paths of the module. */
  async fetch(input: string | Request, init: ModuleRequestInit = {}): Promise<Response> {
    return responseOf(await this.request(await requestOf(input, init)));
  }

  /**
   * Sends a request and resolves with the head of its answer.
   *
   * @throws `MODULE_TIMEOUT` when it takes too long, `MODULE_PROTOCOL_ERROR` when the module breaks the protocol or gives up, `SERVICE_UNAVAILABLE` when it is gone,
   * `OVERLOADED` when too many wait, `PAYLOAD_TOO_LARGE` when a module of version 1 cannot take the body. What the signal gives as its reason.
   */
  async request(request: IpcRequest): Promise<IpcResponse> {
    const { channel, clock, timeoutMs = TIMEOUT_MS, maxConcurrent = MAX_CONCURRENT, maxQueued = MAX_QUEUED } = this.#options;
    request.signal?.throwIfAborted();
    if (channel.isClosed) throw gone({ wasSent: false });
    if (this.#calls.size >= maxConcurrent && this.#waiting.length >= maxQueued)
      throw new PlatformError('OVERLOADED', 'Cannot ask the module: too many requests wait for it', { details: NOT_SENT });
    const call = new IpcCall({
      id: String((this.#lastId += 1)),
      channel,
      clock,
      timeoutMs: request.timeoutMs ?? timeoutMs,
      onOver: (over) => this.#finished(over),
    });
    const answer = call.response;
    const onAbort = (): void => call.giveUp(request.signal?.reason);
    request.signal?.addEventListener('abort', onAbort, { once: true });
    call.onSettled = () => request.signal?.removeEventListener('abort', onAbort);
    call.begin = () => {
      try {
        this.#begin(call, request);
      } catch (error) {
        call.giveUp(error);
      }
    };
    if (this.#calls.size < maxConcurrent) this.#start(call);
    else this.#waiting.push(call);
    return answer;
  }

  #start(call: IpcCall): void {
    this.#calls.set(call.id, call);
    call.begin();
  }

  #begin(call: IpcCall, { method, uri, headers = {}, body }: IpcRequest): void {
    const { channel } = this.#options;
    const { version } = channel;
    const head = { op: 'http_request', request_id: call.id, method, uri, headers: headersFor(version, headers) } as const;
    const inlineLimit = version < 2 ? WHOLE_BODY_LIMIT_BYTES : HTTP_CHUNK_BYTES;
    if (body === undefined || body === null) channel.send({ ...head, body: null });
    else if (body instanceof Uint8Array && body.length <= inlineLimit)
      if (version < 2) channel.send({ ...head, body: [...body] });
      else channel.sendWithBase64(head, 'body', toBase64(body));
    else if (version < 2)
      throw new PlatformError('PAYLOAD_TOO_LARGE', 'Cannot send the body: the module takes no streams', {
        details: { ...NOT_SENT, limit_bytes: WHOLE_BODY_LIMIT_BYTES },
      });
    else {
      channel.send({ ...head, body: null, streamed: true });
      void call.sendBody(body instanceof Uint8Array ? streamOf(body) : body).catch((error: unknown) => call.giveUp(error));
    }
  }

  #finished(call: IpcCall): void {
    if (!this.#calls.delete(call.id)) {
      const at = this.#waiting.indexOf(call);
      if (at !== -1) this.#waiting.splice(at, 1);
      return;
    }
    const next = this.#options.channel.isClosed ? undefined : this.#waiting.shift();
    if (next !== undefined) this.#start(next);
  }

  #call(id: string): IpcCall | undefined {
    const call = this.#calls.get(id);
    if (call === undefined && !(/^\d{1,15}$/.test(id) && Number(id) <= this.#lastId))
      this.#options.channel.reportUnexpected('an answer is for a request that was never made');
    return call;
  }
}

function gone({ wasSent }: { readonly wasSent: boolean }): PlatformError {
  const options = wasSent ? {} : { details: NOT_SENT };
  return new PlatformError('SERVICE_UNAVAILABLE', 'Cannot ask the module: its channel has ended', options);
}
