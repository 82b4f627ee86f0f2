import type { JsonObject } from '@loopwright/protocol';
import type { PlanCacheStats } from '../cache/plan-cache.ts';

/** What this client has done since it was made. */
export interface ClientCounts {
  /** Calls of `execute` that ended with a result. */
  readonly total_executions: number;
  /** Calls of `execute` that ended with an error, cancelled ones included. */
  readonly failed_executions: number;
  /** Requests to `/execute`, retries included. */
  readonly attempts: number;
  /** Calls that joined another one's request. */
  readonly shared_executions: number;
  /** Results that came out of a cache: the client's, or one that the service has. */
  readonly cache_hits: number;
  /** Plans that the client's cache was asked for in vain, failures included. */
  readonly cache_misses: number;
  /** Operations of the cache that failed or took too long. */
  readonly cache_errors: number;
  /** `cache_hits / total_executions`, 0 before the first result. */
  readonly cache_hit_rate: number;
}

/** The figures of the service, and of this client. */
export interface GenerationStats {
  /** What `GET /stats` of the service says, or why there is nothing. */
  readonly service: JsonObject | { readonly error: string };
  readonly client: ClientCounts;
  /** What the client's cache says, or why not; `null` when there is none. */
  readonly cache: PlanCacheStats | { readonly error: string } | null;
  /** The service's own figure where it has one, else the client's. */
  readonly total_executions: number;
  /** The client's figure when it has a cache, for its hits never reach the service; else the service's where it has one. */
  readonly cache_hit_rate: number;
}

/** Joins both sides' figures. */
export function joinStats(
  service: JsonObject | { readonly error: string },
  client: ClientCounts,
  cache: GenerationStats['cache'],
): GenerationStats {
  const own = (key: 'total_executions' | 'cache_hit_rate'): number => {
    const value: unknown = Reflect.get(service, key);
    return typeof value === 'number' ? value : client[key];
  };
  const cache_hit_rate = cache === null ? own('cache_hit_rate') : client.cache_hit_rate;
  return { service, client, cache, total_executions: own('total_executions'), cache_hit_rate };
}
