import { messageOf } from '@loopwright/protocol';
import { z } from 'zod';
import { ExpressionEvaluator, isExpression } from '../expression/expression.ts';
import { nextCronTime } from '../schedule/cron.ts';
import { type Duration, durationSchema } from './duration.ts';
import { type EventConsumption, consumptionSchema } from './event-consumption.ts';

/** The shortest interval at which a schedule starts executions, in milliseconds. */
const SHORTEST_MS = 1000;

/** What starts executions of a workflow by itself. */
export type Schedule =
  | { readonly kind: 'every' | 'after'; readonly interval: Duration }
  | { readonly kind: 'cron'; readonly cron: string }
  | { readonly kind: 'on'; readonly on: EventConsumption };

/**
 * An interval, or an expression that gives one. There is no execution yet whose data it could read, so it has one value, which is known when the
 * definition is read.
 */
const intervalSchema = z
  .unknown()
  .transform((value, context) => {
    if (typeof value !== 'string' || !isExpression(value)) return value;
    try {
      return new ExpressionEvaluator().evaluate(value, null, {});
    } catch (error) {
      context.addIssue(`Cannot use the interval: ${messageOf(error)}`);
      return z.NEVER;
    }
  })
  .pipe(durationSchema)
  .refine(({ months, ms }) => months > 0 || ms >= SHORTEST_MS, {
    error: `Cannot start that often: the shortest interval is ${SHORTEST_MS} ms`,
  });
const cronSchema = z
  .string()
  .max(200)
  .superRefine((cron, context) => {
    try {
      nextCronTime(cron, 0);
    } catch (error) {
      context.addIssue(`Cannot use the cron expression "${cron}": ${messageOf(error)}`);
    }
  });

/** `schedule` of a definition: exactly one of its four keys. */
export const scheduleSchema = z
  .strictObject({
    every: intervalSchema.optional(),
    cron: cronSchema.optional(),
    after: intervalSchema.optional(),
    on: consumptionSchema.optional(),
  })
  .transform(({ every, cron, after, on }, context): Schedule => {
    const given: Schedule[] = [];
    if (every !== undefined) given.push({ kind: 'every', interval: every });
    if (cron !== undefined) given.push({ kind: 'cron', cron });
    if (after !== undefined) given.push({ kind: 'after', interval: after });
    if (on !== undefined) given.push({ kind: 'on', on });
    const [only] = given;
    if (only !== undefined && given.length === 1) return only;
    context.addIssue('Cannot read the schedule: it has exactly one of every, cron, after and on');
    return z.NEVER;
  });
