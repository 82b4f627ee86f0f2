import { z } from 'zod';

/** A day in UTC, `YYYY-MM-DD`. */
export type Day = string;

/** Accepts a day that exists. */
export const daySchema: z.ZodType<Day> = z.iso.date();

/** The UTC day of an instant, in milliseconds since 1970. */
export function dayOf(milliseconds: number): Day {
  return new Date(milliseconds).toISOString().slice(0, 10);
}

/** The day so many days before that of an instant. */
export function daysBefore(milliseconds: number, days: number): Day {
  return dayOf(milliseconds - days * 86_400_000);
}
