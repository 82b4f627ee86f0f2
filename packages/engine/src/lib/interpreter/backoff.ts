import { lengthOf, times } from '../definition/duration.ts';
import type { TimedRetryPolicy } from './durations.ts';
import type { WorkflowError } from './workflow-error.ts';

/** How far back-off and the wish of the other side may lengthen the delay between two tries: to a day. */
const DELAY_LIMIT_MS = 24 * 60 * 60 * 1000;

/**
 * Milliseconds before the next try, counted from `from`: what the policy says, or longer when the other side asked for it (`Retry-After`).
 */
export function retryDelayMs(
  policy: TimedRetryPolicy,
  { attempt, error, random, from }: { attempt: number; error: WorkflowError; random: () => number; from: number },
): number {
  return Math.max(
    backoffDelayMs(policy, { attempt, random, from }),
    Math.min(DELAY_LIMIT_MS, error.document.retry_after_ms ?? 0),
  );
}

/**
 * Milliseconds before the try after `attempt` failed ones (1 = after the first): the delay itself, times the attempt
 * (linear) or doubled each time (exponential), plus a random part of the jitter's range.
 */
function backoffDelayMs(
  { delay, jitter, backoff }: TimedRetryPolicy,
  { attempt, random, from }: { attempt: number; random: () => number; from: number },
): number {
  const kind = backoff ?? {};
  const factor = 'exponential' in kind ? 2 ** (attempt - 1) : 'linear' in kind ? attempt : 1;
  const [least, most] = jitter === undefined ? [0, 0] : [lengthOf(jitter.from)(from), lengthOf(jitter.to)(from)];
  const longest = Math.max(DELAY_LIMIT_MS, lengthOf(delay)(from) + Math.max(least, most));
  return Math.min(longest, Math.round(lengthOf(times(delay, factor))(from) + least + (most - least) * random()));
}
