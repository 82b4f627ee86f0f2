import { isoTime } from '@loopwright/protocol';
import { z } from 'zod';
import { preferences } from '../preferences/preferences.ts';

/** Spans back from now, in hours. */
const SPANS = { '1h': 1, '24h': 24, '7d': 168, '30d': 720 } as const;

const HOUR_MS = 3_600_000;

/** A day such as `2026-11-21`, in the time zone that is preferred. */
const day = z.iso.date().optional().catch(undefined);

/** What the URL of a list says of when its entries began; a value that is none is as if it were left out. */
export const createdSpanSchema = z.object({
  /** Within this span, up to now; `days` for from one day to another. */
  since: z.enum(['1h', '24h', '7d', '30d', 'days']).optional().catch(undefined),
  /** The first and the last of the days, when they are days; left out: open to that side. */
  from: day,
  to: day,
});
export type CreatedSpan = z.infer<typeof createdSpanSchema>;

/** At or after the one, before the other, as the API has it; `now` in milliseconds since 1970-01-01 UTC. */
export function createdOf({ since, from, to }: CreatedSpan, now: number): { readonly after?: string; readonly before?: string } {
  if (since === undefined) return {};
  if (since !== 'days') return { after: isoTime(now - SPANS[since] * HOUR_MS) };
  return {
    ...(from === undefined ? {} : { after: isoTime(startOf(from)) }),
    // A day has 23 or 25 hours twice a year.
    ...(to === undefined ? {} : { before: isoTime(startOf(isoTime(Date.parse(`${to}T12:00Z`) + 24 * HOUR_MS).slice(0, 10))) }),
  };
}

/** The span in words, behind a verb such as `created`; nothing when there is none. */
export function createdText(verb: string, { since, from, to }: CreatedSpan): string | null {
  if (since === undefined) return null;
  if (since !== 'days') return `${verb} in the last ${since}`;
  const parts = [from === undefined ? null : `from ${from}`, to === undefined ? null : `up to ${to}`].filter(
    (part) => part !== null,
  );
  return parts.length === 0 ? null : `${verb} ${parts.join(' ')}`;
}

/** When a day begins. */
function startOf(date: string): number {
  return Date.parse(`${date}T00:00${preferences().timeZone === 'UTC' ? 'Z' : ''}`);
}
