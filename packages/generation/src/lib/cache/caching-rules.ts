import { type ArtifactResult, type ExecutionPlan, isSuccess } from '@loopwright/protocol';
import { DEFAULT_TTL_SECONDS, TTL_LIMIT_SECONDS } from './limits.ts';

/** How long the result of a plan is kept, in seconds. 0 means that the plan uses no cache, neither to read nor to write. */
export function cacheSeconds(plan: Pick<ExecutionPlan, 'cache_strategy' | 'cache_ttl'>): number {
  if (plan.cache_strategy === 'never') return 0;
  return Math.min(plan.cache_ttl ?? DEFAULT_TTL_SECONDS, TTL_LIMIT_SECONDS);
}

/** Whether a kept result answers a plan: `smart` wants a success, with test results when the plan wants tests. */
export function isUsable(
  plan: Pick<ExecutionPlan, 'cache_strategy' | 'enable_testing'>,
  result: Pick<ArtifactResult, 'status' | 'test_results'>,
): boolean {
  if (plan.cache_strategy !== 'smart') return plan.cache_strategy === 'always';
  return isSuccess(result) && (!plan.enable_testing || result.test_results !== null);
}
