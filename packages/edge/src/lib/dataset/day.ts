import { z } from 'zod';

/** A day of a calendar, `YYYY-MM-DD`. */
export type Day = string;

/** Accepts a day that exists. */
export const daySchema: z.ZodType<Day> = z.iso.date();

/** Says on which day an instant is. Instants are in milliseconds since 1970. */
export interface Calendar {
  /** Name of its time zone (IANA), or `UTC`. */
  readonly zone: string;
  dayOf(milliseconds: number): Day;
  /** The hour on the clock of the zone, 0 to 23. */
  hourOf(milliseconds: number): number;
  /** The day so many days before that of an instant. */
  daysBefore(milliseconds: number, days: number): Day;
}

const DAY_MS = 86_400_000;

/** The day that was asked for last: mostly it is the one that is asked for next. */
let knownUtc = { number: NaN, day: '' };

function utcDayOf(milliseconds: number): Day {
  const number = Math.floor(milliseconds / DAY_MS);
  if (number !== knownUtc.number) knownUtc = { number, day: new Date(milliseconds).toISOString().slice(0, 10) };
  return knownUtc.day;
}

/** The instant that was read last: under load many records have the same. */
let knownInstant = { text: '', milliseconds: NaN };

/** What RFC 3339 text says, in milliseconds since 1970. */
export function instantOf(text: string): number {
  if (text !== knownInstant.text) knownInstant = { text, milliseconds: Date.parse(text) };
  return knownInstant.milliseconds;
}

/** The calendar in which a day begins at midnight UTC. */
export const utcCalendar: Calendar = {
  zone: 'UTC',
  dayOf: utcDayOf,
  hourOf: (milliseconds) => new Date(milliseconds).getUTCHours(),
  daysBefore: (milliseconds, days) => utcDayOf(milliseconds - days * DAY_MS),
};

/** An instant of the same hour is looked up, not computed: zones change their offset at whole quarters of an hour. */
const QUARTER_MS = 900_000;

/**
 * The calendar of a time zone. Days on which clocks are changed have 23 or 25 hours.
 *
 * @throws RangeError for a zone that does not exist
 */
export function calendarOf(zone: string): Calendar {
  if (zone === 'UTC') return utcCalendar;
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    hourCycle: 'h23',
  });
  let known = { quarter: NaN, day: '', hour: 0 };
  const at = (milliseconds: number): typeof known => {
    const quarter = Math.floor(milliseconds / QUARTER_MS);
    if (quarter === known.quarter) return known;
    const parts = Object.fromEntries(format.formatToParts(milliseconds).map(({ type, value }) => [type, value]));
    known = { quarter, day: `${parts['year']}-${parts['month']}-${parts['day']}`, hour: Number(parts['hour']) };
    return known;
  };
  return {
    zone,
    dayOf: (milliseconds) => at(milliseconds).day,
    hourOf: (milliseconds) => at(milliseconds).hour,
    daysBefore: (milliseconds, days) => utcCalendar.daysBefore(Date.parse(at(milliseconds).day), days),
  };
}
