import type { IpcResponse, IpcServerRequest } from '../http-ipc/ipc-messages.ts';

/** One request and its answer as a module sees them, whichever way they go: what {@link ExchangeServer} needs of them. */
export abstract class Exchange {
  readonly startedAt: number = performance.now();
  /** Ends the time in which there must be an answer. */
  cancelTimer: () => void = () => undefined;
  #abort: AbortController | undefined;
  #aborted: Error | undefined;
  #isAnswered = false;

  /** Whether the other side waits for nothing any more. */
  protected abstract get isGone(): boolean;

  /** Whether the other side knows a status already. */
  abstract get isHeadSent(): boolean;

  /** What the handler gets. @throws TypeError When it is no proper request; Error when it breaks off. */
  abstract request(): IpcServerRequest | Promise<IpcServerRequest>;

  /** Sends an answer, `onHead` is called with its head. @throws What its body throws, and TypeError when it is no proper answer. */
  abstract answer(response: IpcResponse, onHead: (status: number) => void): Promise<void>;

  /** Whether nobody waits for an answer of the handler any more. */
  get isOver(): boolean {
    return this.#isAnswered || this.isGone;
  }

  /** Aborted with {@link Exchange.abort}. Made when it is asked for: most handlers never do. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#aborted !== undefined) this.#abort.abort(this.#aborted);
    return this.#abort.signal;
  }

  /** Tells the handler that nobody waits any more. */
  abort(why: Error): void {
    this.#aborted ??= why;
    this.#abort?.abort(why);
  }

  /** Gives `true` to the first that asks: only that one may answer. */
  claimAnswer(): boolean {
    if (this.isOver) return false;
    this.#isAnswered = true;
    return true;
  }
}

/** A request as a handler gets it; its signal is that of the exchange, made when it is asked for. @throws TypeError When the `uri` is no path. */
export function exchangeRequest(exchange: Exchange, request: Omit<IpcServerRequest, 'signal'>): IpcServerRequest {
  const { method, uri, headers, body } = request;
  if (!uri.startsWith('/') || uri.startsWith('//')) throw new TypeError('the uri is no path');
  return {
    method,
    uri,
    headers,
    body,
    // A property of its own, so that a copy of the request has it too.
    get signal() {
      return exchange.signal;
    },
  };
}

/** Checks the status of an answer. @throws TypeError */
export function checkStatus(status: number): void {
  if (!Number.isInteger(status) || status < 200 || status > 599) throw new TypeError(`Cannot answer with the status ${status}`);
}
