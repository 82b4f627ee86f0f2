import {
  type ArtifactResult,
  artifactResultSchema,
  type Clock,
  type ExecutionPlan,
  executionPlanSchema,
  type ExecutionPlanInput,
  isoTime,
  issueDetails,
  type JsonObject,
  jsonObjectSchema,
  messageOf,
  PlatformError,
  systemClock,
} from '@loopwright/protocol';
import { invalidAnswer, readJson, serviceError } from './answer.ts';
import { type GenerationStats, joinStats } from './generation-stats.ts';
import { ANSWER_LIMIT_BYTES, ATTEMPT_LIMIT, ERROR_BODY_LIMIT_BYTES, STATUS_TIMEOUT_MS } from './limits.ts';
import { PtcClientError, PtcServiceError, PtcTimeoutError } from './ptc-errors.ts';
import { retryDelayMs } from './retry-delay.ts';
import { normalizeServiceUrl } from './service-url.ts';
import { type FetchLike, type FetchLikeResponse, openTransport, type Transport } from './transport.ts';
import { holdProcess, wait } from './wait.ts';

/** How a {@link PtcClient} reaches its service. */
export interface PtcClientOptions {
  /** Address of the service. A function is asked before each attempt, for a service that moves when it is restarted. */
  readonly serviceUrl: string | (() => string);
  /** Time limit of one attempt, from sending to the last byte of the answer. 300,000 ms when left out. */
  readonly timeoutMs?: number;
  /** Attempts in all, the first one included (the source's meaning): 1 … 20, 3 when left out. */
  readonly maxRetries?: number;
  /** Wait before the second attempt; it doubles with every further one. 1000 ms when left out. */
  readonly retryDelayMs?: number;
  /** Sent as `Authorization: Bearer …`. */
  readonly authToken?: string;
  /** Headers of the moment for every attempt, such as `traceparent`. */
  readonly headers?: () => Record<string, string>;
  readonly clock?: Clock;
  /** Replaces the client's own connections, which know no time limit but `timeoutMs`. */
  readonly fetch?: FetchLike;
}

/** What one call can be given besides its plan. */
export interface ExecuteOptions {
  /** Stops the call at once, a wait between attempts too; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

interface Attempt {
  readonly path: string;
  readonly timeoutMs: number;
  readonly body?: string;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Client of a generation service: sends a plan to `POST /execute` and checks what comes back.
 *
 * Network errors and 5xx answers are tried again; 4xx answers, time-outs and answers that are no result are not. Every
 * attempt carries the same `Idempotency-Key`, the plan's `execution_id`. Close it after use.
 */
export class PtcClient {
  readonly #serviceUrl: () => string;
  readonly #timeoutMs: number;
  readonly #maxAttempts: number;
  readonly #retryDelayMs: number;
  readonly #headers: () => Record<string, string>;
  readonly #clock: Clock;
  readonly #transport: Transport;
  readonly #closing = new AbortController();
  #counts = { succeeded: 0, failed: 0, attempts: 0, cacheHits: 0 };

  /** @throws {@link PtcClientError} `INVALID_CONFIGURATION` when an option is outside its range. */
  constructor(options: PtcClientOptions) {
    const { serviceUrl } = options;
    if (typeof serviceUrl === 'string') {
      const url = normalizeServiceUrl(serviceUrl);
      this.#serviceUrl = () => url;
    } else this.#serviceUrl = () => normalizeServiceUrl(serviceUrl());
    this.#timeoutMs = checkRange('timeoutMs', options.timeoutMs ?? 300_000, [1, 2 ** 31 - 1]);
    this.#maxAttempts = checkRange('maxRetries', options.maxRetries ?? 3, [1, ATTEMPT_LIMIT]);
    this.#retryDelayMs = checkRange('retryDelayMs', options.retryDelayMs ?? 1000, [0, 3_600_000]);
    const own = options.authToken === undefined ? {} : { authorization: `Bearer ${options.authToken}` };
    this.#headers = () => ({ ...options.headers?.(), ...own });
    this.#clock = options.clock ?? systemClock;
    this.#transport = options.fetch === undefined ? openTransport() : { fetch: options.fetch, close: () => Promise.resolve() };
  }

  /**
   * Has a plan carried out.
   *
   * A result whose status is `FAILURE` is a result, not an error: look at its `status`.
   *
   * @throws `PlatformError` `VALIDATION_ERROR` for a plan that is not valid; nothing is sent.
   * @throws {@link PtcTimeoutError}, {@link PtcServiceError} or {@link PtcClientError}; the signal's reason when it is aborted.
   */
  async execute(plan: ExecutionPlanInput, options: ExecuteOptions = {}): Promise<ArtifactResult> {
    const body = JSON.stringify(this.#parsePlan(plan));
    using _hold = holdProcess();
    try {
      const headers = { 'content-type': 'application/json', 'idempotency-key': encodeURIComponent(plan.execution_id) };
      const result = await this.#executeWithRetries({
        path: '/execute',
        timeoutMs: this.#timeoutMs,
        body,
        headers,
        signal: options.signal,
      });
      this.#counts.succeeded += 1;
      if (result.from_cache) this.#counts.cacheHits += 1;
      return result;
    } catch (error) {
      this.#counts.failed += 1;
      throw error;
    }
  }

  /** Whether the service answers `GET /health` with 2xx within 10 s. Never throws. */
  async healthCheck(): Promise<boolean> {
    return this.health().then(
      () => true,
      () => false,
    );
  }

  /** What the service says about itself. @throws {@link PtcClientError} "Health check failed: …". */
  async health(): Promise<JsonObject> {
    try {
      return await this.#get('/health');
    } catch (cause) {
      throw new PtcClientError('SERVICE_UNAVAILABLE', `Health check failed: ${messageOf(cause)}`, { cause });
    }
  }

  /** Figures of the service and of this client. A service without `GET /stats` is no error. */
  async getStats(): Promise<GenerationStats> {
    const { succeeded, failed, attempts, cacheHits } = this.#counts;
    const counts = {
      total_executions: succeeded,
      failed_executions: failed,
      attempts,
      cache_hits: cacheHits,
      cache_hit_rate: succeeded === 0 ? 0 : cacheHits / succeeded,
    };
    const service = await this.#get('/stats').catch((error: unknown) => {
      if (error instanceof PtcServiceError && error.serviceStatus === 404) return { error: 'Stats endpoint not available' };
      throw error;
    });
    return joinStats(service, counts);
  }

  /** Ends calls under way with an error and closes the connections. May be called twice. */
  async close(): Promise<void> {
    this.#closing.abort(new PtcClientError('SERVICE_UNAVAILABLE', 'Cannot go on with the request: the client was closed'));
    await this.#transport.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #parsePlan(input: ExecutionPlanInput): ExecutionPlan {
    const plan = executionPlanSchema.safeParse(input);
    if (plan.success) return { created_at: isoTime(this.#clock.now()), ...plan.data };
    const first = plan.error.issues[0]?.message ?? 'unknown reason';
    throw new PlatformError('VALIDATION_ERROR', `Cannot send the plan: ${first}`, { details: issueDetails(plan.error.issues) });
  }

  async #executeWithRetries(attempt: Attempt): Promise<ArtifactResult> {
    const stop = AbortSignal.any([this.#closing.signal, ...(attempt.signal === undefined ? [] : [attempt.signal])]);
    for (let failures = 0; ; failures += 1) {
      this.#counts.attempts += 1;
      try {
        return await this.#send(attempt, async (response) => parseResult(response, await readJson(response, ANSWER_LIMIT_BYTES)));
      } catch (failure) {
        const again = failure instanceof PlatformError && failure.retryable && failures + 1 < this.#maxAttempts;
        if (!again || stop.aborted) throw failure;
        const askedMs = failure instanceof PtcServiceError ? failure.retryAfterMs : undefined;
        await wait(this.#clock, retryDelayMs(this.#retryDelayMs, failures, askedMs), stop);
      }
    }
  }

  #get(path: string): Promise<JsonObject> {
    return this.#send({ path, timeoutMs: Math.min(this.#timeoutMs, STATUS_TIMEOUT_MS) }, async (response) => {
      const parsed = jsonObjectSchema.safeParse(await readJson(response, ERROR_BODY_LIMIT_BYTES));
      if (!parsed.success) throw invalidAnswer(response, 'the answer is not a JSON object');
      return parsed.data;
    });
  }

  /** One request under one time limit. `read` sees every answer; one outside 2xx becomes an error after it. */
  async #send<T>(attempt: Attempt, read: (response: FetchLikeResponse) => Promise<T>): Promise<T> {
    attempt.signal?.throwIfAborted();
    this.#closing.signal.throwIfAborted();
    const url = `${this.#serviceUrl()}${attempt.path}`;
    const timeout = new AbortController();
    const stopTimer = this.#clock.schedule(attempt.timeoutMs, () => timeout.abort());
    const signals = [timeout.signal, this.#closing.signal, ...(attempt.signal === undefined ? [] : [attempt.signal])];
    using _hold = holdProcess();
    try {
      const response = await this.#transport.fetch(url, {
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
}

function parseResult(response: FetchLikeResponse, body: unknown): ArtifactResult {
  const result = artifactResultSchema.safeParse(body);
  if (result.success) return result.data;
  const [first] = result.error.issues;
  const reason = `the answer is no result (${first?.path.join('.') ?? ''}: ${first?.message ?? 'unknown reason'})`;
  throw invalidAnswer(response, reason, { details: issueDetails(result.error.issues.slice(0, 20)), cause: result.error });
}

/** `fetch` says "fetch failed" and keeps the reason in `cause`. */
function networkReason(error: unknown): string {
  const inner = error instanceof Error ? error.cause : undefined;
  return inner === undefined ? messageOf(error) : messageOf(inner) || messageOf(error);
}

function checkRange(name: string, value: number, [minimum, maximum]: readonly [number, number]): number {
  if (Number.isFinite(value) && value >= minimum && value <= maximum) return value;
  throw new PtcClientError('INVALID_CONFIGURATION', `Cannot use ${name} ${value}: it must be between ${minimum} and ${maximum}`);
}
