import { type ArtifactResult, type Clock, type ExecutionPlan, isSuccess, messageOf } from '@loopwright/protocol';
import { cacheSeconds, isUsable } from './caching-rules.ts';
import type { PlanCache, PlanCacheStats } from './plan-cache.ts';

/** How a {@link GuardedCache} is kept from harming executions. */
interface Guard {
  readonly clock: Clock;
  /** How long an operation may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Told what went wrong; the execution goes on. */
  readonly onTrouble?: ((error: unknown) => void) | undefined;
}

/** A plan cache under the rules of the plans, which never fails: an error or a delay is a miss, and counted. */
export class GuardedCache {
  readonly counts = { hits: 0, misses: 0, errors: 0 };
  readonly #cache: PlanCache;
  readonly #guard: Guard;

  constructor(cache: PlanCache, guard: Guard) {
    this.#cache = cache;
    this.#guard = guard;
  }

  /** The kept result that answers a plan, marked as a hit: `CACHE_HIT`, `from_cache`, `cache_key`, the id of this plan. */
  async find(plan: ExecutionPlan, key: string): Promise<ArtifactResult | undefined> {
    if (cacheSeconds(plan) === 0) return undefined;
    const kept = await this.#attempt(() => this.#cache.get(key));
    if (kept === undefined || !isUsable(plan, kept)) {
      this.counts.misses += 1;
      return undefined;
    }
    this.counts.hits += 1;
    return {
      ...kept,
      status: 'CACHE_HIT',
      execution_id: plan.execution_id,
      from_cache: true,
      cache_key: key,
      metadata: { ...kept.metadata, cached_execution_id: kept.execution_id },
    };
  }

  /** Keeps the result of a plan when it succeeded and the plan allows it. */
  async keep(plan: ExecutionPlan, key: string, result: ArtifactResult): Promise<void> {
    const seconds = cacheSeconds(plan);
    if (seconds > 0 && isSuccess(result)) await this.#attempt(() => this.#cache.set(key, result, seconds));
  }

  async stats(): Promise<PlanCacheStats | { readonly error: string }> {
    let reason = '';
    const stats = await this.#attempt(
      () => this.#cache.stats(),
      (error) => (reason = messageOf(error)),
    );
    return stats ?? { error: reason };
  }

  /** Runs an operation of the cache under the time limit; nothing when it failed. */
  async #attempt<T>(operation: () => Promise<T>, onFailure?: (error: unknown) => void): Promise<T | undefined> {
    const { clock, timeoutMs, onTrouble } = this.#guard;
    let stopTimer = (): void => undefined;
    try {
      const late = new Promise<never>((_, reject) => {
        stopTimer = clock.schedule(timeoutMs, () =>
          reject(new Error(`Cannot wait for the plan cache: no answer within ${timeoutMs} ms`)),
        );
      });
      return await Promise.race([operation(), late]);
    } catch (error) {
      this.counts.errors += 1;
      onFailure?.(error);
      tell(onTrouble, error);
      return undefined;
    } finally {
      stopTimer();
    }
  }
}

/** A listener that throws is no reason to fail an execution either. */
function tell(listener: ((error: unknown) => void) | undefined, error: unknown): void {
  try {
    listener?.(error);
  } catch {
    // It is the listener's own trouble.
  }
}
