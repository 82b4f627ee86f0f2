import { type Clock, type JsonObject, jsonObjectSchema, messageOf, PlatformError, systemClock } from '@loopwright/protocol';
import { invalidAnswer, readJson, serviceError } from './answer.ts';
import { checkRange, type PtcClientOptions } from './client-options.ts';
import { ANSWER_LIMIT_BYTES, ERROR_BODY_LIMIT_BYTES, STATUS_TIMEOUT_MS } from './limits.ts';
import { PtcClientError, PtcTimeoutError } from './ptc-errors.ts';
import { normalizeServiceUrl } from './service-url.ts';
import { type FetchLike, type FetchLikeResponse, openTransport, type Transport } from './transport.ts';

/** One request. */
interface Attempt {
  readonly path: string;
  readonly timeoutMs: number;
  readonly body?: string;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

/** The requests that a client makes of its service, one at a time each: nothing is tried again here. */
export class ServiceConnection {
  readonly #serviceUrl: () => string;
  readonly #timeoutMs: number;
  readonly #answerLimitBytes: number;
  readonly #headers: () => Record<string, string>;
  readonly #clock: Clock;
  readonly #ownFetch: FetchLike | undefined;
  readonly #closing = new AbortController();
  #requests: Transport | undefined;
  /** Connections of their own: streams of events last, and must not take the place of the requests that they are about. */
  #streams: Transport | undefined;

  constructor(options: PtcClientOptions) {
    const { serviceUrl } = options;
    if (typeof serviceUrl === 'string') {
      const url = normalizeServiceUrl(serviceUrl);
      this.#serviceUrl = () => url;
    } else this.#serviceUrl = () => normalizeServiceUrl(serviceUrl());
    this.#timeoutMs = checkRange('timeoutMs', options.timeoutMs ?? 300_000, [1, 2 ** 31 - 1]);
    this.#answerLimitBytes = checkRange('maxAnswerBytes', options.maxAnswerBytes ?? ANSWER_LIMIT_BYTES, [1, ANSWER_LIMIT_BYTES]);
    const own = options.authToken === undefined ? {} : { authorization: `Bearer ${options.authToken}` };
    this.#headers = () => ({ ...options.headers?.(), ...own });
    this.#clock = options.clock ?? systemClock;
    this.#ownFetch = options.fetch;
  }

  /** Aborted when the connection was closed. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /** Sends a plan and gives what came back, as JSON, to `read`. */
  execute<T>(
    request: { readonly body: string; readonly idempotencyKey: string; readonly signal: AbortSignal },
    read: (response: FetchLikeResponse, body: unknown) => T,
  ): Promise<T> {
    const { body, signal } = request;
    // A lone surrogate has no form in UTF-8, and encoding it would throw.
    const key = encodeURIComponent(request.idempotencyKey.toWellFormed());
    const headers = { 'content-type': 'application/json', 'idempotency-key': key };
    return this.#send({ path: '/execute', timeoutMs: this.#timeoutMs, body, headers, signal }, async (response) =>
      read(response, await readJson(response, this.#answerLimitBytes)),
    );
  }

  /** Asks for a small JSON object, which comes at once or not at all. */
  get(path: string): Promise<JsonObject> {
    return this.#send({ path, timeoutMs: Math.min(this.#timeoutMs, STATUS_TIMEOUT_MS) }, async (response) => {
      const parsed = jsonObjectSchema.safeParse(await readJson(response, ERROR_BODY_LIMIT_BYTES));
      if (!parsed.success) throw invalidAnswer(response, 'the answer is not a JSON object');
      return parsed.data;
    });
  }

  /** Asks for the events of an execution. The answer is given as it comes, whatever its status is. */
  async events(executionId: string, lastEventId: string, signal: AbortSignal): Promise<FetchLikeResponse> {
    this.#streams ??= this.#openTransport();
    const id = encodeURIComponent(executionId.toWellFormed());
    return this.#streams.fetch(`${this.#serviceUrl()}/executions/${id}/events`, {
      method: 'GET',
      headers: {
        accept: 'text/event-stream',
        ...this.#headers(),
        ...(/^[\x20-\x7E]+$/.test(lastEventId) ? { 'last-event-id': lastEventId } : {}),
      },
      redirect: 'manual',
      signal: AbortSignal.any([signal, this.#closing.signal]),
    });
  }

  /** Ends requests under way with an error and closes the connections. May be called twice. */
  async close(): Promise<void> {
    this.#closing.abort(new PtcClientError('SERVICE_UNAVAILABLE', 'Cannot go on with the request: the client was closed'));
    await Promise.all([this.#requests?.close(), this.#streams?.close()]);
  }

  /** One request under one time limit. `read` sees an answer of 2xx; any other one becomes an error. */
  async #send<T>(attempt: Attempt, read: (response: FetchLikeResponse) => Promise<T>): Promise<T> {
    attempt.signal?.throwIfAborted();
    this.#closing.signal.throwIfAborted();
    this.#requests ??= this.#openTransport();
    const url = `${this.#serviceUrl()}${attempt.path}`;
    const timeout = new AbortController();
    const stopTimer = this.#clock.schedule(attempt.timeoutMs, () => timeout.abort());
    const signals = [timeout.signal, this.#closing.signal, ...(attempt.signal === undefined ? [] : [attempt.signal])];
    try {
      const response = await this.#requests.fetch(url, {
        method: attempt.body === undefined ? 'GET' : 'POST',
        headers: { accept: 'application/json', ...this.#headers(), ...attempt.headers },
        ...(attempt.body === undefined ? {} : { body: attempt.body }),
        redirect: 'manual',
        signal: AbortSignal.any(signals),
      });
      if (response.status >= 200 && response.status < 300) return await read(response);
      throw await serviceError(response, this.#clock);
    } catch (cause) {
      attempt.signal?.throwIfAborted();
      this.#closing.signal.throwIfAborted();
      if (timeout.signal.aborted) throw new PtcTimeoutError(attempt.timeoutMs, { cause });
      if (cause instanceof PlatformError) throw cause;
      throw new PtcClientError('SERVICE_UNAVAILABLE', `Failed to connect to PTC service: ${networkReason(cause)}`, { cause });
    } finally {
      stopTimer();
    }
  }

  #openTransport(): Transport {
    return this.#ownFetch === undefined ? openTransport() : { fetch: this.#ownFetch, close: () => Promise.resolve() };
  }
}

/** `fetch` says "fetch failed" and keeps the reason in `cause`. */
function networkReason(error: unknown): string {
  const inner = error instanceof Error ? error.cause : undefined;
  return inner === undefined ? messageOf(error) : messageOf(inner) || messageOf(error);
}
