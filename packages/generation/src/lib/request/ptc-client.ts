import {
  type ArtifactResult,
  artifactResultSchema,
  type Clock,
  type ExecutionPlan,
  executionPlanSchema,
  type ExecutionPlanInput,
  type GenerationEvent,
  isoTime,
  issueDetails,
  type JsonObject,
  messageOf,
  PlatformError,
  systemClock,
} from '@loopwright/protocol';
import { GuardedCache } from '../cache/guarded-cache.ts';
import { CACHE_TIMEOUT_MS } from '../cache/limits.ts';
import { planKey, requestIdentity } from '../cache/plan-key.ts';
import { followEvents } from '../progress/follow-events.ts';
import { invalidAnswer } from './answer.ts';
import { checkRange, type ExecuteOptions, type PtcClientOptions } from './client-options.ts';
import { type GenerationStats, joinStats } from './generation-stats.ts';
import { ATTEMPT_LIMIT } from './limits.ts';
import { PtcClientError, PtcServiceError } from './ptc-errors.ts';
import { retryDelayMs } from './retry-delay.ts';
import { ServiceConnection } from './service-connection.ts';
import { SharedExecution, type SharedWork } from './shared-execution.ts';
import type { FetchLikeResponse } from './transport.ts';
import { holdProcess, wait } from './wait.ts';

/** What an event tells, beside where and when. */
type EventText = Pick<GenerationEvent, 'event_type' | 'message'> & Partial<GenerationEvent>;

/**
 * Client of a generation service: looks into its plan cache, sends the plan to `POST /execute`, checks what comes back, and keeps it.
 *
 * Network errors and 5xx answers are tried again; 4xx answers, time-outs and answers that are no result are not. Every
 * attempt carries the same `Idempotency-Key`, the plan's `execution_id`. Identical plans under way share one request. Close it after use.
 */
export class PtcClient {
  readonly #connection: ServiceConnection;
  readonly #maxAttempts: number;
  readonly #retryDelayMs: number;
  readonly #clock: Clock;
  readonly #cache: GuardedCache | undefined;
  readonly #underWay = new Map<string, SharedExecution>();
  #counts = { succeeded: 0, failed: 0, attempts: 0, cacheHits: 0, shared: 0 };

  /** @throws {@link PtcClientError} `INVALID_CONFIGURATION` when an option is outside its range. */
  constructor(options: PtcClientOptions) {
    this.#connection = new ServiceConnection(options);
    this.#maxAttempts = checkRange('maxRetries', options.maxRetries ?? 3, [1, ATTEMPT_LIMIT]);
    this.#retryDelayMs = checkRange('retryDelayMs', options.retryDelayMs ?? 1000, [0, 3_600_000]);
    this.#clock = options.clock ?? systemClock;
    const timeoutMs = checkRange('cacheTimeoutMs', options.cacheTimeoutMs ?? CACHE_TIMEOUT_MS, [1, 60_000]);
    const guard = { clock: this.#clock, timeoutMs, onTrouble: options.onCacheTrouble };
    this.#cache = options.cache === undefined ? undefined : new GuardedCache(options.cache, guard);
  }

  /**
   * Has a plan carried out, or gives the kept result of the same plan: then with the status `CACHE_HIT`, `from_cache` and `cache_key`.
   *
   * A result whose status is `FAILURE` is a result, not an error: look at its `status`.
   *
   * @throws `PlatformError` `VALIDATION_ERROR` for a plan that is not valid; nothing is sent.
   * @throws {@link PtcTimeoutError}, {@link PtcServiceError} or {@link PtcClientError}; the signal's reason when it is aborted.
   */
  async execute(input: ExecutionPlanInput, options: ExecuteOptions = {}): Promise<ArtifactResult> {
    const plan = this.#parsePlan(input);
    using _hold = holdProcess();
    try {
      const { signal, onProgress } = options;
      signal?.throwIfAborted();
      this.#connection.closed.throwIfAborted();
      const result = await this.#share(plan).join({ executionId: plan.execution_id, signal, onProgress });
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
    using _hold = holdProcess();
    try {
      return await this.#connection.get('/health');
    } catch (cause) {
      throw new PtcClientError('SERVICE_UNAVAILABLE', `Health check failed: ${messageOf(cause)}`, { cause });
    }
  }

  /** Figures of the service, of this client and of its cache. A service without `GET /stats` is no error, nor is a broken cache. */
  async getStats(): Promise<GenerationStats> {
    using _hold = holdProcess();
    const { succeeded, failed, attempts, cacheHits, shared } = this.#counts;
    const counts = {
      total_executions: succeeded,
      failed_executions: failed,
      attempts,
      shared_executions: shared,
      cache_hits: cacheHits,
      cache_misses: this.#cache?.counts.misses ?? 0,
      cache_errors: this.#cache?.counts.errors ?? 0,
      cache_hit_rate: succeeded === 0 ? 0 : cacheHits / succeeded,
    };
    const service = await this.#connection.get('/stats').catch((error: unknown) => {
      if (error instanceof PtcServiceError && error.serviceStatus === 404) return { error: 'Stats endpoint not available' };
      throw error;
    });
    return joinStats(service, counts, (await this.#cache?.stats()) ?? null);
  }

  /** Ends calls under way with an error and closes the connections; not the cache. May be called twice. */
  close(): Promise<void> {
    return this.#connection.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #parsePlan(input: ExecutionPlanInput): ExecutionPlan {
    const plan = executionPlanSchema.safeParse(input);
    if (plan.success) return { created_at: isoTime(this.#clock.now()), ...plan.data };
    const first = plan.error.issues[0]?.message ?? 'unknown reason';
    throw new PlatformError('VALIDATION_ERROR', `Cannot send the plan: ${first}`, { details: issueDetails(plan.error.issues) });
  }

  /** The execution under way of the same plan, or a new one. A plan that wants nothing kept is not answered by another's either. */
  #share(plan: ExecutionPlan): SharedExecution {
    if (plan.cache_strategy === 'never') return new SharedExecution(plan.execution_id, (work) => this.#carryOut(plan, '', work));
    const key = planKey(plan);
    const identity = requestIdentity(plan, key);
    const running = this.#underWay.get(identity);
    if (running !== undefined && !running.abandoned) {
      this.#counts.shared += 1;
      return running;
    }
    const execution: SharedExecution = new SharedExecution(plan.execution_id, async (work) => {
      try {
        return await this.#carryOut(plan, key, work);
      } finally {
        if (this.#underWay.get(identity) === execution) this.#underWay.delete(identity);
      }
    });
    this.#underWay.set(identity, execution);
    return execution;
  }

  async #carryOut(plan: ExecutionPlan, key: string, work: SharedWork): Promise<ArtifactResult> {
    const tell = this.#teller(plan.execution_id, work);
    tell({ event_type: 'execution_started', message: 'The execution has begun' });
    try {
      const result = (await this.#cache?.find(plan, key)) ?? (await this.#generate(plan, { ...work, tell }));
      if (!result.from_cache) await this.#cache?.keep(plan, key, result);
      const { status, from_cache, cache_key } = result;
      const data = { status, from_cache, cache_key };
      tell({ event_type: 'execution_completed', message: `The execution ended with ${status}`, progress: 1, data });
      return result;
    } catch (error) {
      tell({ event_type: 'execution_failed', message: 'The execution gave no result', error: messageOf(error) });
      throw error;
    }
  }

  async #generate(plan: ExecutionPlan, work: SharedWork & { readonly tell: (text: EventText) => void }): Promise<ArtifactResult> {
    const body = JSON.stringify(plan);
    const ended = new AbortController();
    void work.listened.then(() =>
      followEvents({
        open: (lastEventId) => this.#connection.events(plan.execution_id, lastEventId, ended.signal),
        emit: work.emit,
        clock: this.#clock,
        delayMs: this.#retryDelayMs,
        signal: ended.signal,
      }),
    );
    try {
      return await this.#tryAgain(work, () => {
        const request = { body, idempotencyKey: plan.execution_id, signal: work.signal };
        return this.#connection.execute(request, parseResult);
      });
    } finally {
      ended.abort();
    }
  }

  async #tryAgain<T>(work: SharedWork & { readonly tell: (text: EventText) => void }, attempt: () => Promise<T>): Promise<T> {
    const stop = AbortSignal.any([this.#connection.closed, work.signal]);
    for (let failures = 0; ; failures += 1) {
      this.#counts.attempts += 1;
      try {
        return await attempt();
      } catch (failure) {
        if (stop.aborted || !isWorthAnother(failure) || failures + 1 >= this.#maxAttempts) throw failure;
        const askedMs = failure instanceof PtcServiceError ? failure.retryAfterMs : undefined;
        const delayMs = retryDelayMs(this.#retryDelayMs, failures, askedMs);
        const message = `Attempt ${failures + 1} of ${this.#maxAttempts} failed; the next one is in ${delayMs} ms`;
        work.tell({ event_type: 'warning', stage: 'request', message, error: messageOf(failure) });
        await wait(this.#clock, delayMs, stop);
      }
    }
  }

  #teller(executionId: string, { emit }: SharedWork): (text: EventText) => void {
    let count = 0;
    return (text) => {
      count += 1;
      const place = { id: `client-${count}`, timestamp: isoTime(this.#clock.now()), execution_id: executionId };
      emit({ ...place, stage: null, progress: null, data: null, error: null, ...text });
    };
  }
}

/** A 4xx never is, whatever it says of itself: the service is there, and has decided. */
function isWorthAnother(failure: unknown): boolean {
  if (failure instanceof PtcServiceError && failure.serviceStatus < 500) return false;
  return failure instanceof PlatformError && failure.retryable;
}

function parseResult(response: FetchLikeResponse, body: unknown): ArtifactResult {
  const result = artifactResultSchema.safeParse(body);
  if (result.success) return result.data;
  const [first] = result.error.issues;
  const reason = `the answer is no result (${first?.path.join('.') ?? ''}: ${first?.message ?? 'unknown reason'})`;
  throw invalidAnswer(response, reason, { details: issueDetails(result.error.issues.slice(0, 20)), cause: result.error });
}
