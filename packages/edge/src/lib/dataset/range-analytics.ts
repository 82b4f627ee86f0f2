import type { RangeAnalytics } from '@loopwright/protocol';
import type { Day } from './day.ts';
import { DayFigures } from './day-figures.ts';
import type { ExecutionLog } from './execution-log.ts';
import { RELATIVE_ERROR } from './latency-sketch.ts';

/** The figures of the days from one to another, both included, added up. @throws PlatformError STORE_FAILED */
export async function rangeAnalytics(log: ExecutionLog, { from, to }: { from: Day; to: Day }): Promise<RangeAnalytics> {
  const sum = new DayFigures();
  const days: RangeAnalytics['days'] = [];
  for (const day of await log.daysWithFigures()) {
    if (day < from || day > to) continue;
    const figures = await log.figures(day);
    sum.merge(figures);
    days.push(figures.all.toAnalytics(day));
  }
  return { from, to, relative_error: RELATIVE_ERROR, total: sum.all.summary(), days, ...sum.breakdown() };
}
