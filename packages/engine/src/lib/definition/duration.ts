import { z } from 'zod';
import { isExpression } from '../expression/expression.ts';

const PARTS_MS = { days: 86_400_000, hours: 3_600_000, minutes: 60_000, seconds: 1000, milliseconds: 1 } as const;
/** The longest duration, in years: whatever begins today ends at a time that dates can hold. */
const LONGEST_YEARS = 10_000;
const LONGEST_MS = LONGEST_YEARS * 365 * PARTS_MS.days;
const NUMBER = String.raw`(\d+(?:\.\d+)?)`;
const ISO_DURATION = new RegExp(
  `^P(?=.)(?:${NUMBER}Y)?(?:${NUMBER}M)?(?:${NUMBER}W)?(?:${NUMBER}D)?(?:T(?=\\d)(?:${NUMBER}H)?(?:${NUMBER}M)?(?:${NUMBER}S)?)?$`,
);

/** A span of time. Months have no fixed length: how long it is depends on when it begins ({@link endOf}). */
export interface Duration {
  /** Years and months, in months; may be a fraction. */
  readonly months: number;
  /** Weeks, days and shorter parts, in milliseconds. */
  readonly ms: number;
}

/** A duration of the DSL: an object of parts or an ISO 8601 text. */
export const durationSchema = z
  .union([
    z
      .strictObject({
        days: z.number().nonnegative().optional(),
        hours: z.number().nonnegative().optional(),
        minutes: z.number().nonnegative().optional(),
        seconds: z.number().nonnegative().optional(),
        milliseconds: z.number().nonnegative().optional(),
      })
      .refine((parts) => Object.keys(parts).length > 0, { error: 'A duration has at least one part' })
      .transform((parts): Duration => {
        const lengths = Object.entries(PARTS_MS).map(([name, ms]) => (parts[name as keyof typeof PARTS_MS] ?? 0) * ms);
        return { months: 0, ms: lengths.reduce((total, length) => total + length, 0) };
      }),
    z.string().transform((text, context): Duration => {
      const duration = parseIsoDuration(text);
      if (duration !== undefined) return duration;
      context.addIssue(
        `Cannot read the duration "${text}": it is not an ISO 8601 duration of years, months, weeks, days, hours, minutes and seconds`,
      );
      return z.NEVER;
    }),
  ])
  .refine(({ months, ms }) => months <= LONGEST_YEARS * 12 && ms <= LONGEST_MS, {
    error: `A duration is not longer than ${LONGEST_YEARS} years`,
  });

/** A duration, or the expression that gives one when the task runs. */
export type DurationRule = Duration | string;
export const durationRuleSchema = z.unknown().transform((value, context): DurationRule => {
  if (typeof value === 'string' && isExpression(value)) return value;
  const parsed = durationSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const { message, path } of parsed.error.issues) context.addIssue({ code: 'custom', message, path });
  return z.NEVER;
});

/**
 * When a duration ends that begins at a time (milliseconds since 1970-01-01 UTC): months are counted in the calendar of UTC, where a day that a
 * month does not have is its last one, then comes the rest. A part of a month is that part of the month which would come next.
 */
export function endOf({ months, ms }: Duration, from: number): number {
  const limited = Math.min(months, LONGEST_YEARS * 12);
  const whole = Math.floor(limited);
  const begin = monthsLater(from, whole);
  const part = limited === whole ? 0 : (monthsLater(from, whole + 1) - begin) * (limited - whole);
  return begin + Math.round(part + Math.min(ms, LONGEST_MS));
}

/** How many milliseconds a duration takes that begins at a time. */
export function lengthOf(duration: Duration): (from: number) => number {
  return (from) => endOf(duration, from) - from;
}

/** A duration so many times. */
export function times({ months, ms }: Duration, factor: number): Duration {
  return { months: months * factor, ms: ms * factor };
}

function monthsLater(from: number, months: number): number {
  if (months === 0) return from;
  const date = new Date(from);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  return date.setUTCDate(Math.min(day, lastDay));
}

/** An ISO 8601 duration, or `undefined` for another text. */
function parseIsoDuration(text: string): Duration | undefined {
  const match = ISO_DURATION.exec(text);
  if (match === null) return undefined;
  const parts = match.slice(1).map((part) => Number(part ?? 0));
  const [years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = parts;
  const ms = Math.round(((weeks * 7 + days) * 24 * 3600 + hours * 3600 + minutes * 60 + seconds) * 1000);
  return { months: years * 12 + months, ms };
}
