import type { PlanCache } from '../cache/plan-cache.ts';

/** An empty cache, and what the suite must be able to do with it. The suite disposes it. */
export interface PlanCacheWorld extends AsyncDisposable {
  readonly cache: PlanCache;
  /** Lets so much time go by that what was kept for `seconds` is over: moves a clock, or waits. */
  pass(seconds: number): Promise<void>;
}

/** What the suite needs of an adapter. */
export interface PlanCacheHarness {
  world(): Promise<PlanCacheWorld>;
}
