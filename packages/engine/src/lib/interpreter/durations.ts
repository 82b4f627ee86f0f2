import { type DurationRule, durationSchema } from '../definition/duration.ts';
import type { RetryPolicy } from '../definition/task.ts';
import type { Json } from '@loopwright/protocol';
import { WorkflowError } from './workflow-error.ts';

/** Evaluates an expression where a task stands. */
export type Evaluate = (expression: string) => Json;

/** Milliseconds of a duration. Throws the standard's `expression` error when an expression gives something else. */
export function durationMs(rule: DurationRule, evaluate: Evaluate): number {
  if (typeof rule === 'number') return rule;
  const parsed = durationSchema.safeParse(evaluate(rule));
  if (parsed.success) return parsed.data;
  const detail = `Cannot use "${rule}" as a duration: it gives no ISO 8601 text and no object of days, hours, minutes, seconds and milliseconds`;
  throw new WorkflowError({ type: 'expression', status: 400, title: 'VALIDATION_ERROR', detail });
}

/** A retry policy whose durations are known, in milliseconds. */
export interface TimedRetryPolicy extends Pick<RetryPolicy, 'when' | 'exceptWhen' | 'backoff'> {
  readonly delay: number;
  readonly jitter: { readonly from: number; readonly to: number } | undefined;
  readonly attempts: { readonly count: number | undefined; readonly duration: number | undefined };
  readonly duration: number | undefined;
}

/** Evaluates the durations of a retry policy. */
export function timedPolicy(
  { when, exceptWhen, backoff, delay, jitter, limit }: RetryPolicy,
  evaluate: Evaluate,
): TimedRetryPolicy {
  const ms = (rule: DurationRule | undefined): number | undefined =>
    rule === undefined ? undefined : durationMs(rule, evaluate);
  return {
    when,
    exceptWhen,
    backoff,
    delay: ms(delay) ?? 0,
    jitter: jitter === undefined ? undefined : { from: durationMs(jitter.from, evaluate), to: durationMs(jitter.to, evaluate) },
    attempts: { count: limit?.attempt?.count, duration: ms(limit?.attempt?.duration) },
    duration: ms(limit?.duration),
  };
}
