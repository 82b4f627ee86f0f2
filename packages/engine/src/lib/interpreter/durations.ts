import { type Duration, type DurationRule, durationSchema } from '../definition/duration.ts';
import type { RetryPolicy } from '../definition/task.ts';
import type { Json } from '@loopwright/protocol';
import { WorkflowError } from './workflow-error.ts';

/** Evaluates an expression where a task stands. */
export type Evaluate = (expression: string) => Json;

/** The duration that a rule stands for. Throws the standard's `expression` error when an expression gives something else. */
export function durationOf(rule: DurationRule, evaluate: Evaluate): Duration {
  if (typeof rule !== 'string') return rule;
  const parsed = durationSchema.safeParse(evaluate(rule));
  if (parsed.success) return parsed.data;
  const detail = `Cannot use "${rule}" as a duration: it gives no ISO 8601 text and no object of days, hours, minutes, seconds and milliseconds`;
  throw new WorkflowError({ type: 'expression', status: 400, title: 'VALIDATION_ERROR', detail });
}

/** A retry policy whose durations are known. */
export interface TimedRetryPolicy extends Pick<RetryPolicy, 'when' | 'exceptWhen' | 'backoff'> {
  readonly delay: Duration;
  readonly jitter: { readonly from: Duration; readonly to: Duration } | undefined;
  readonly attempts: { readonly count: number | undefined; readonly duration: Duration | undefined };
  readonly duration: Duration | undefined;
}

/** Evaluates the durations of a retry policy. */
export function timedPolicy(
  { when, exceptWhen, backoff, delay, jitter, limit }: RetryPolicy,
  evaluate: Evaluate,
): TimedRetryPolicy {
  const known = (rule: DurationRule | undefined): Duration | undefined =>
    rule === undefined ? undefined : durationOf(rule, evaluate);
  return {
    when,
    exceptWhen,
    backoff,
    delay: known(delay) ?? { months: 0, ms: 0 },
    jitter: jitter === undefined ? undefined : { from: durationOf(jitter.from, evaluate), to: durationOf(jitter.to, evaluate) },
    attempts: { count: limit?.attempt?.count, duration: known(limit?.attempt?.duration) },
    duration: known(limit?.duration),
  };
}
