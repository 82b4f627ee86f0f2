import type { TimedRetryPolicy } from './durations.ts';
import type { WorkflowError } from './workflow-error.ts';

/** Longest delay between two tries: a day, so that an exponential back-off cannot leave the calendar. */
const DELAY_LIMIT_MS = 24 * 60 * 60 * 1000;

/** Milliseconds before the next try: what the policy says, or longer when the other side asked for it (`Retry-After`). */
export function retryDelayMs(
  policy: TimedRetryPolicy,
  { attempt, error, random }: { attempt: number; error: WorkflowError; random: () => number },
): number {
  return Math.max(backoffDelayMs(policy, attempt, random), Math.min(DELAY_LIMIT_MS, error.document.retry_after_ms ?? 0));
}

/**
 * Milliseconds before the try after `attempt` failed ones (1 = after the first): the delay itself, times the attempt
 * (linear) or doubled each time (exponential), plus a random part of the jitter's range.
 */
function backoffDelayMs(policy: TimedRetryPolicy, attempt: number, random: () => number): number {
  const base = policy.delay;
  const backoff = policy.backoff ?? {};
  const factor = 'exponential' in backoff ? 2 ** (attempt - 1) : 'linear' in backoff ? attempt : 1;
  const jitter = policy.jitter === undefined ? 0 : policy.jitter.from + (policy.jitter.to - policy.jitter.from) * random();
  return Math.min(DELAY_LIMIT_MS, Math.round(base * factor + jitter));
}
