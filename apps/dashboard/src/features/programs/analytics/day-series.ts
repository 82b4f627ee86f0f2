import type { DailyAnalytics } from '@loopwright/protocol';

const DAY_MS = 86_400_000;

/** Every day from one to another, both included, as dates. */
export function daysBetween(from: string, to: string): string[] {
  const first = Date.parse(from);
  const count = Math.max(0, Math.round((Date.parse(to) - first) / DAY_MS)) + 1;
  return Array.from({ length: count }, (_, at) => new Date(first + at * DAY_MS).toISOString().slice(0, 10));
}

/** The figures of each day; `null` for one without a request. */
export function seriesOf(days: readonly string[], figures: readonly DailyAnalytics[]): (DailyAnalytics | null)[] {
  const byDate = new Map(figures.map((day) => [day.date, day]));
  return days.map((date) => byDate.get(date) ?? null);
}

/** A round number that is at least `value`: 1, 2 or 5 times a power of ten, for the top of an axis. */
export function niceTop(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= value * 0.999_999) ?? 10;
  return step * power;
}

/** The stretches of a line where there are values: where one is missing, the line is interrupted. */
export function stretchesOf(values: readonly (number | null)[]): { at: number; value: number }[][] {
  const stretches: { at: number; value: number }[][] = [];
  let isOpen = false;
  for (const [at, value] of values.entries()) {
    if (value === null) isOpen = false;
    else if (isOpen) stretches.at(-1)?.push({ at, value });
    else {
      stretches.push([{ at, value }]);
      isOpen = true;
    }
  }
  return stretches;
}
