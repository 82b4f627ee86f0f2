import { messageOf } from '@loopwright/protocol';
import { z } from 'zod';
import { nextCronTime } from '../schedule/cron.ts';
import { durationSchema } from './duration.ts';
import { type EventConsumption, consumptionSchema } from './event-consumption.ts';

/** The shortest interval at which a schedule starts executions, in milliseconds. */
const SHORTEST_MS = 1000;

/** What starts executions of a workflow by itself. Durations in milliseconds. */
export type Schedule =
  | { readonly kind: 'every' | 'after'; readonly intervalMs: number }
  | { readonly kind: 'cron'; readonly cron: string }
  | { readonly kind: 'on'; readonly on: EventConsumption };

const intervalSchema = durationSchema.refine((milliseconds) => milliseconds >= SHORTEST_MS, {
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
    if (every !== undefined) given.push({ kind: 'every', intervalMs: every });
    if (cron !== undefined) given.push({ kind: 'cron', cron });
    if (after !== undefined) given.push({ kind: 'after', intervalMs: after });
    if (on !== undefined) given.push({ kind: 'on', on });
    const [only] = given;
    if (only !== undefined && given.length === 1) return only;
    context.addIssue('Cannot read the schedule: it has exactly one of every, cron, after and on');
    return z.NEVER;
  });
