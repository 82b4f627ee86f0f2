import { type Clock, PlatformError, type ModuleMessage } from '@loopwright/protocol';
import type { OrchestratorChannel } from '../channel/module-channel.ts';
import { BodyWriter } from './body-writer.ts';
import { IncomingBody } from './body-reader.ts';
import type { IpcResponse } from './ipc-messages.ts';
import { decodeBytes } from './wire-bytes.ts';

type HttpResponseMessage = Extract<ModuleMessage, { op: 'http_response' }>;

/** Name and value of a header (RFC 9110 §5). */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;

interface IpcCallOptions {
  readonly id: string;
  readonly channel: OrchestratorChannel;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Called once when nothing more can come. */
  readonly onOver: (call: IpcCall) => void;
}

/** One request and its answer, as the orchestrator sees them. */
export class IpcCall {
  readonly id: string;
  readonly response: Promise<IpcResponse>;
  /** Sends the request, when its turn has come. */
  begin: () => void = () => undefined;
  /** Called once when the call is over. */
  onSettled: () => void = () => undefined;
  readonly #options: IpcCallOptions;
  #resolve: (response: IpcResponse) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  #writer: BodyWriter | undefined;
  #incoming: IncomingBody | undefined;
  #hasHead = false;
  #isOver = false;
  #cancelTimer: () => void = () => undefined;

  constructor(options: IpcCallOptions) {
    this.#options = options;
    this.id = options.id;
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#watch('the head of the answer');
  }

  /** Sends the body of the request; ends quietly when the answer does not wait for it. */
  async sendBody(body: ReadableStream<Uint8Array>): Promise<void> {
    this.#writer = new BodyWriter(this.#options.channel, this.id);
    await this.#writer.send(body.getReader());
  }

  grant(bytes: number): void {
    this.#writer?.grant(bytes);
  }

  takeHead(message: HttpResponseMessage): void {
    const { status_code: status, headers, body, streamed } = message;
    const bytes = body === undefined || body === null ? null : decodeBytes(body);
    const wrong = this.#hasHead || bytes === undefined || status < 200 || !isProper(headers);
    if (wrong || bytes === undefined) return this.#broken('the head of the answer breaks the rules');
    this.#hasHead = true;
    this.#cancelTimer();
    if (streamed !== true) {
      this.#resolve({ status, headers, body: bytes });
      return this.#over();
    }
    this.#incoming = new IncomingBody({
      onTaken: (count) => this.#options.channel.send({ op: 'http_window', request_id: this.id, bytes: count }),
      onCancel: () => this.giveUp(undefined),
      onWait: (waits) => (waits ? this.#watch('the next piece of the answer') : this.#cancelTimer()),
    });
    if (bytes !== null) this.#incoming.prepend(bytes);
    this.#resolve({ status, headers, body: this.#incoming.stream });
    return undefined;
  }

  takeBody(bytes: Uint8Array | undefined, isLast: boolean): void {
    if (bytes === undefined || this.#incoming === undefined || !this.#incoming.push(bytes))
      return this.#broken('the body of the answer breaks the rules');
    if (!isLast) return undefined;
    this.#incoming.finish();
    return this.#over();
  }

  /** Nobody wants the answer any more; the module is told. */
  giveUp(reason: unknown): void {
    if (this.#isOver) return;
    this.#options.channel.send({ op: 'http_cancel', request_id: this.id });
    this.#fail(reason ?? new PlatformError('MODULE_TIMEOUT', 'Cannot wait for the answer: the caller gave it up'));
  }

  /** Ends it with an error that the module knows of. */
  fail(error: PlatformError): void {
    this.#fail(error);
  }

  #broken(what: string): void {
    this.giveUp(new PlatformError('MODULE_PROTOCOL_ERROR', `Cannot take the answer of the module: ${what}`));
  }

  #watch(what: string): void {
    const { clock, timeoutMs } = this.#options;
    this.#cancelTimer();
    this.#cancelTimer = clock.schedule(timeoutMs, () =>
      this.giveUp(new PlatformError('MODULE_TIMEOUT', `Cannot get ${what}: there was none within ${timeoutMs} ms`)),
    );
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#reject(error);
    this.#incoming?.finish(error instanceof Error ? error : new Error(String(error)));
    this.#over();
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelTimer();
    this.#writer?.stop();
    this.onSettled();
    this.#options.onOver(this);
  }
}

function isProper(headers: HttpResponseMessage['headers']): boolean {
  for (const [name, value] of Object.entries(headers)) {
    if (!TOKEN.test(name)) return false;
    if (typeof value === 'string' ? !HEADER_VALUE.test(value) : !value.every((one) => HEADER_VALUE.test(one))) return false;
  }
  return true;
}
