import type { JsonObject } from '@loopwright/protocol';

/** What this client has done since it was made. */
export interface ClientCounts {
  /** Calls of `execute` that ended with a result. */
  readonly total_executions: number;
  /** Calls of `execute` that ended with an error, cancelled ones included. */
  readonly failed_executions: number;
  /** Requests to `/execute`, retries included. */
  readonly attempts: number;
  /** Results that came out of a cache. */
  readonly cache_hits: number;
  /** `cache_hits / total_executions`, 0 before the first result. */
  readonly cache_hit_rate: number;
}

/** The figures of the service, and of this client. */
export interface GenerationStats {
  /** What `GET /stats` of the service says, or why there is nothing. */
  readonly service: JsonObject | { readonly error: string };
  readonly client: ClientCounts;
  /** The service's own figure where it has one, else the client's. */
  readonly total_executions: number;
  /** The service's own figure where it has one, else the client's. */
  readonly cache_hit_rate: number;
}

/** Joins both sides' figures. */
export function joinStats(service: JsonObject | { error: string }, client: ClientCounts): GenerationStats {
  const own = (key: 'total_executions' | 'cache_hit_rate'): number => {
    const value: unknown = Reflect.get(service, key);
    return typeof value === 'number' ? value : client[key];
  };
  return { service, client, total_executions: own('total_executions'), cache_hit_rate: own('cache_hit_rate') };
}
