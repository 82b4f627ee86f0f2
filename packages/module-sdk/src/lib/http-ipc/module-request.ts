import type { IpcServerRequest } from './ipc-messages.ts';
import { readWholeBody } from './read-whole-body.ts';
import { WholeBody } from './whole-body.ts';
import { fromWireHeaders } from './wire-headers.ts';

/** Origin of the URLs that handlers see: there is no host, and this name can never have one. */
const ORIGIN = 'http://module.invalid';

/**
 * The request of a message in the words of `fetch`. A body that came whole is read without its stream, and the signal is made when it is asked for: a `Request` that
 * follows a signal from its beginning costs more than twice as much. A request that is made of it (`new Request(url, request)`) must be given the signal.
 */
export class ModuleRequest extends Request {
  readonly #incoming: IpcServerRequest;
  readonly #body: WholeBody | undefined;

  static {
    readWholeBody(this.prototype, (self) => self.#body);
    const cloned = Request.prototype.clone;
    const clone = function clone(this: ModuleRequest): Request {
      if (this.#body === undefined) return new Request(Reflect.apply(cloned, this, []), { signal: this.signal });
      if (this.#body.unread === undefined) throw new TypeError('Cannot clone the request: its body was read already');
      return new Request(new ModuleRequest(this.#incoming), { headers: this.headers, signal: this.signal });
    };
    const signal = function signal(this: ModuleRequest): AbortSignal {
      return this.#incoming.signal;
    };
    Object.defineProperties(this.prototype, { clone: { value: clone }, signal: { get: signal } });
  }

  /** @throws TypeError When it is no request that `fetch` knows. */
  constructor(incoming: IpcServerRequest) {
    const { method, uri, headers, body } = incoming;
    const whole = body instanceof Uint8Array && body.length > 0 ? new WholeBody(body) : undefined;
    const stream = whole?.stream ?? (body instanceof ReadableStream ? body : undefined);
    super(ORIGIN + uri, {
      method,
      headers: fromWireHeaders(headers),
      ...(stream === undefined ? {} : { body: stream as NonNullable<ConstructorParameters<typeof Response>[0]>, duplex: 'half' }),
    });
    this.#incoming = incoming;
    this.#body = whole;
  }
}
