import { setImmediate as nextTurn } from 'node:timers/promises';
import { type DailyAnalytics, analyticsFiguresSchema } from '@loopwright/protocol';
import { RECORD_COLUMNS, csvLine, recordCells } from './csv.ts';
import type { Day } from './day.ts';
import type { ExecutionLog } from './execution-log.ts';

/** Characters that are handed on at once: requests for programs come between. */
const PIECE_CHARACTERS = 64 * 1024;
const FIGURES = Object.keys(analyticsFiguresSchema.shape) as (keyof Omit<DailyAnalytics, 'date'>)[];

/** The executions of some days, both included, as CSV with a header, in the order in which they were recorded; in bounded memory. */
export async function* executionsAsCsv(log: ExecutionLog, { from, to }: { from: Day; to: Day }): AsyncGenerator<string> {
  let piece = csvLine(RECORD_COLUMNS);
  for (const day of await log.days()) {
    if (day < from || day > to) continue;
    for await (const record of log.read(day)) {
      piece += csvLine(recordCells(record));
      if (piece.length < PIECE_CHARACTERS) continue;
      yield piece;
      piece = '';
      await nextTurn();
    }
  }
  yield piece;
}

/** Figures as CSV with a header, a line for each day. */
export function figuresAsCsv(days: readonly DailyAnalytics[]): string {
  return [csvLine(['date', ...FIGURES]), ...days.map((day) => csvLine([day.date, ...FIGURES.map((name) => day[name])]))].join('');
}
