import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DailyAnalytics, ExecutionRecord } from '@loopwright/protocol';
import { type Calendar, type Day, daySchema, instantOf } from './day.ts';
import { type CountedTo, DayFigures, dayFiguresSchema } from './day-figures.ts';
import type { DayLog } from './day-log.ts';
import { sliceOf } from './input-slice.ts';
import { parseRecord } from './record-line.ts';

/** What {@link FiguresStore} works with. */
export interface FiguresStoreOptions {
  /** `analytics/` of the data set. */
  readonly folder: string;
  readonly executions: DayLog;
  readonly calendar: Calendar;
}

/** A line that was written. */
export interface CountedLine {
  readonly inputJson: string;
  readonly countedTo: CountedTo;
  /** Whether it is the first line of its day. */
  readonly isFirst: boolean;
}

/**
 * The figures of each day, in memory for the days under way and in files. A file says how far it counted, so that only what came after is
 * counted again after a crash; the figures of a day stay when its records are deleted.
 */
export class FiguresStore {
  readonly #options: FiguresStoreOptions;
  readonly #days = new Map<Day, DayFigures>();
  /** Days whose file is behind. */
  readonly #changed = new Set<Day>();

  constructor(options: FiguresStoreOptions) {
    this.#options = options;
  }

  /** The days in memory. */
  get held(): Day[] {
    return [...this.#days.keys()];
  }

  /** The figures of a day that is in memory. */
  known(day: Day): DayFigures | undefined {
    return this.#days.get(day);
  }

  /** Brings the figures of a day into memory, counting what its file has not counted. */
  async hold(day: Day): Promise<DayFigures> {
    const known = this.#days.get(day);
    if (known !== undefined) return known;
    const figures = await this.load(day);
    this.#days.set(day, figures);
    return figures;
  }

  /** Counts a record that was written. A day that is not in memory is counted from its lines when it is asked for. */
  add(day: Day, record: ExecutionRecord, { isFirst, ...counted }: CountedLine): void {
    this.#changed.add(day);
    if (isFirst && !this.#days.has(day)) this.#days.set(day, new DayFigures());
    const figures = this.#days.get(day);
    if (figures !== undefined) this.#count(figures, record, counted);
  }

  /** The figures of a day: those in memory, else those of its file and of the lines after it. */
  async load(day: Day): Promise<DayFigures> {
    const known = this.#days.get(day);
    if (known !== undefined) return known;
    const stored = await this.#read(day);
    const figures = new DayFigures(stored);
    const { executions } = this.#options;
    for await (const { text, countedTo } of executions.read(day, figures.countedTo)) {
      const record = parseRecord(text);
      if (record !== undefined) this.#count(figures, record, { inputJson: JSON.stringify(record.input_data), countedTo });
    }
    return figures;
  }

  /** Writes the files of a day: its figures, and `daily-stats-{day}.json` as in the source. */
  async write(day: Day): Promise<DailyAnalytics> {
    const figures = await this.load(day);
    const analytics = figures.all.toAnalytics(day);
    const state = JSON.stringify(figures.toJson());
    this.#changed.delete(day);
    try {
      await replaceFile(this.#pathOf('figures', day), `${state}\n`);
      await replaceFile(this.#pathOf('daily-stats', day), `${JSON.stringify(analytics, null, 2)}\n`);
    } catch (error) {
      this.#changed.add(day);
      throw error;
    }
    return analytics;
  }

  /** Writes the files of the days that changed, and drops days before one from memory. */
  async writeChanged(today: Day): Promise<void> {
    // Days that change meanwhile are written the next time.
    const changed = [...this.#changed];
    for (const day of changed) await this.write(day);
    for (const day of this.#days.keys()) if (day < today && !this.#changed.has(day)) this.#days.delete(day);
  }

  #count(figures: DayFigures, record: ExecutionRecord, { inputJson, countedTo }: Omit<CountedLine, 'isFirst'>): void {
    figures.add(record, {
      hour: this.#options.calendar.hourOf(instantOf(record.executed_at)),
      slice: sliceOf(record.input_data, inputJson),
    });
    figures.countedTo = countedTo;
  }

  /** What is stored of a day; `undefined` when it is not there, is damaged, or counted more than there is. */
  async #read(day: Day): Promise<ConstructorParameters<typeof DayFigures>[0]> {
    let text: string;
    try {
      text = await readFile(this.#pathOf('figures', day), 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
    const { data } = dayFiguresSchema.safeParse(parsed(text));
    if (data === undefined) return undefined;
    const { closed, open } = await this.#options.executions.parts(day);
    // A loss of power may have taken lines that were counted, when they were not brought to the disk.
    if (data.counted_to.part === closed.length && (await sizeOf(open)) < data.counted_to.bytes && (await sizeOf(open)) > 0)
      return undefined;
    return data;
  }

  #pathOf(kind: 'figures' | 'daily-stats', day: Day): string {
    // What comes from a request must be a day and nothing else.
    return join(this.#options.folder, `${kind}-${daySchema.parse(day)}.json`);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}

async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.next`, text, { mode: 0o600 });
  await rename(`${path}.next`, path);
}
