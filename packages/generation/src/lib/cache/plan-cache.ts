import type { ArtifactResult } from '@loopwright/protocol';

/** Figures of a cache; names and texts are the source's. */
export interface PlanCacheStats {
  /** Results that can be had, or that wait for their removal after their time. */
  readonly cached_executions: number;
  readonly metadata_entries: number;
  /** Bytes in use as Redis writes them, such as `1.21M`. */
  readonly used_memory_human: string;
  /** The limit; `0B` means none. */
  readonly maxmemory_human: string;
}

/**
 * Where results of plans are kept, by {@link planKey}. Every adapter passes `planCacheConformance` of `@loopwright/generation/conformance`.
 *
 * An adapter may reject when what it stands on fails; the client takes that as a miss. What it gives was checked: an entry that
 * cannot be read is none. Whoever opened a cache closes it; a client does not.
 */
export interface PlanCache extends AsyncDisposable {
  /** The result kept under a key, a copy of its own, or nothing when there is none or its time is over. */
  get(key: string): Promise<ArtifactResult | undefined>;
  /** Keeps a result for `ttlSeconds`. `false`, and nothing is kept, for a time of 0 and for a result too large. */
  set(key: string, result: ArtifactResult, ttlSeconds: number): Promise<boolean>;
  /** Forgets a result; whether there was one. */
  invalidate(key: string): Promise<boolean>;
  stats(): Promise<PlanCacheStats>;
  /** Forgets all results and says how many there were. */
  clear(): Promise<number>;
}
