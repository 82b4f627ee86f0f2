import { type Calendar, utcCalendar } from '@loopwright/edge';

const DAY_MS = 86_400_000;

/** A calendar whose days last `dayMs`, so that a soak sees many midnights. The clock goes as always; `origin` is the midnight at which it begins. */
export function shortDays(origin: number, dayMs: number): Calendar {
  const stretched = (milliseconds: number): number => origin + (milliseconds - origin) * (DAY_MS / dayMs);
  return {
    zone: 'UTC',
    dayOf: (milliseconds) => utcCalendar.dayOf(stretched(milliseconds)),
    hourOf: (milliseconds) => utcCalendar.hourOf(stretched(milliseconds)),
    daysBefore: (milliseconds, days) => utcCalendar.daysBefore(stretched(milliseconds), days),
  };
}
