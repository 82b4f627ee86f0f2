import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type AnalyticsFigures,
  type Clock,
  type DailyAnalytics,
  type ExecutionRecord,
  PlatformError,
  type ValidationRecord,
  messageOf,
  programNameSchema,
  validationRecordSchema,
} from '@loopwright/protocol';
import { type Calendar, type Day, instantOf, utcCalendar } from './day.ts';
import type { CountedTo, DayFigures } from './day-figures.ts';
import { DayLog, type LogDurability } from './day-log.ts';
import { FiguresStore } from './figures-store.ts';
import { type LatestLimits, latestRecords } from './latest-records.ts';
import { readChunks } from './read-lines.ts';
import { parseRecord, recordLine } from './record-line.ts';
import { type DatasetPart, datedFiles } from './retention.ts';
import { FiguresScan } from './scan-figures.ts';

/** How long {@link ExecutionLog.tail} waits before it looks for new records, in milliseconds. */
const TAIL_INTERVAL_MS = 100;
/** How long after the end of a day it waits for records of that day, which are written a moment after they were executed, in milliseconds. */
const TAIL_GRACE_MS = 2000;

/** Where the data set of a program is kept, and how. */
export interface ExecutionLogOptions {
  /** The data folder; the data set is under `datasets/{task_id}`. */
  readonly dir: string;
  readonly taskId: string;
  readonly clock: Clock;
  /** When days begin. Default: midnight UTC. */
  readonly calendar?: Calendar | undefined;
  /** What an acknowledged record survives. Default `process`. */
  readonly durability?: LogDurability | undefined;
  /** What happens to a record that cannot be written: its request fails (`refuse`, the default), or it is counted and lost (`drop`). */
  readonly whenFull?: 'refuse' | 'drop' | undefined;
}

/** A record, and the position after it, from which {@link ExecutionLog.tail} goes on. */
export interface PlacedRecord {
  readonly record: ExecutionRecord;
  readonly day: Day;
  readonly countedTo: CountedTo;
}

/** The recorded executions and validations of one program, in one file a day, and the figures of each day. One process writes it. */
export class ExecutionLog implements AsyncDisposable {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #calendar: Calendar;
  readonly #whenFull: 'refuse' | 'drop';
  readonly #executions: DayLog;
  readonly #validations: DayLog;
  readonly #figures: FiguresStore;
  #dropped = 0;
  #isClosed = false;

  private constructor({ dir, taskId, clock, calendar, durability = 'process', whenFull = 'refuse' }: ExecutionLogOptions) {
    this.#folder = join(dir, 'datasets', taskId);
    this.#clock = clock;
    this.#calendar = calendar ?? utcCalendar;
    this.#whenFull = whenFull;
    this.#executions = new DayLog({ folder: join(this.#folder, 'executions'), durability });
    this.#validations = new DayLog({ folder: join(this.#folder, 'validations'), prefix: 'sampled-', durability });
    this.#figures = new FiguresStore({
      folder: join(this.#folder, 'analytics'),
      executions: this.#executions,
      calendar: this.#calendar,
    });
  }

  /**
   * Opens the data set of a program, makes its folders, repairs today's file and counts what was not counted of it.
   *
   * @throws PlatformError STORE_FAILED; VALIDATION_ERROR for a name that is not allowed.
   */
  static async open(options: ExecutionLogOptions): Promise<ExecutionLog> {
    if (!programNameSchema.safeParse(options.taskId).success) {
      throw new PlatformError('VALIDATION_ERROR', 'Cannot open the data set: the name of the program is not allowed');
    }
    const log = new ExecutionLog(options);
    await log.#storing(async () => {
      await mkdir(join(log.#folder, 'analytics'), { recursive: true });
      await log.#executions.open();
      await log.#validations.open();
      log.#executions.prepare(log.#today);
      log.#validations.prepare(log.#today);
      await log.#figures.hold(log.#today);
    });
    return log;
  }

  /** Lines that were found cut off, and were removed, since the opening. */
  get tornLines(): number {
    return this.#executions.tornLines + this.#validations.tornLines;
  }

  /** Records that were lost since the opening because they could not be written; with `drop` only. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Records and successes of today, and the mean latency of the successes in milliseconds. */
  get today(): { readonly total: number; readonly successful: number; readonly averageMs: number } {
    const figures = this.#figures.known(this.#today)?.all;
    return { total: figures?.total ?? 0, successful: figures?.successful ?? 0, averageMs: figures?.averageMs ?? 0 };
  }

  get #today(): Day {
    return this.#calendar.dayOf(this.#clock.now());
  }

  /**
   * Writes a record to the file of the day on which it was executed. Answer the request after this. `inputJson`: what `JSON.stringify` writes of its input.
   *
   * @throws PlatformError STORE_FAILED: it was not written.
   */
  async append(record: ExecutionRecord, inputJson: string = JSON.stringify(record.input_data)): Promise<void> {
    const line = recordLine(record, inputJson);
    const day = this.#calendar.dayOf(instantOf(record.executed_at));
    let countedTo: CountedTo;
    try {
      countedTo = await this.#executions.append(day, line);
    } catch (error) {
      if (this.#whenFull === 'refuse' || this.#isClosed) throw error;
      this.#dropped += 1;
      return;
    }
    const { part, bytes } = countedTo;
    // Only what stands near the beginning is measured.
    const isFirst = part === 0 && bytes <= 3 * line.length + 1 && bytes === Buffer.byteLength(line) + 1;
    this.#figures.add(day, record, { inputJson, countedTo, isFirst });
  }

  /** Writes what an oracle said about an execution. @throws PlatformError STORE_FAILED */
  async appendValidation(record: ValidationRecord): Promise<void> {
    await this.#validations.append(this.#calendar.dayOf(Date.parse(record.validated_at)), JSON.stringify(record));
  }

  /** Reads the records of a day in their order; lines that are no records are left out. */
  async *read(day: Day): AsyncGenerator<ExecutionRecord> {
    for await (const { record } of this.#readPlaced(day)) yield record;
  }

  /** Reads the validations of a day in their order. */
  async *readValidations(day: Day): AsyncGenerator<ValidationRecord> {
    for await (const { text } of this.#validations.read(day)) {
      const { data } = validationRecordSchema.safeParse(parsed(text));
      if (data !== undefined) yield data;
    }
  }

  /** The position behind all that is recorded now. */
  async end(): Promise<Pick<PlacedRecord, 'day' | 'countedTo'>> {
    const day = this.#today;
    return { day, countedTo: await this.#executions.end(day) };
  }

  /** The newest records, the oldest of them first. */
  async latest(limits: LatestLimits): Promise<ExecutionRecord[]> {
    const records: ExecutionRecord[] = [];
    for await (const record of latestRecords(join(this.#folder, 'executions'), limits)) records.push(record);
    return records.toReversed();
  }

  /**
   * Reads the records from a position on (default: the beginning of today) and goes on with those that come, day after day, until the signal. What is recorded
   * for a day later than {@link TAIL_GRACE_MS} after its end is not among them.
   */
  async *tail({
    from,
    signal,
  }: {
    from?: Pick<PlacedRecord, 'day' | 'countedTo'>;
    signal: AbortSignal;
  }): AsyncGenerator<PlacedRecord> {
    let { day, countedTo } = from ?? { day: this.#today, countedTo: { part: 0, bytes: 0 } };
    while (!signal.aborted) {
      // Asked before the reading: what comes for a day that is over by then is read.
      const isOver = day < this.#calendar.dayOf(this.#clock.now() - TAIL_GRACE_MS);
      for await (const placed of this.#readPlaced(day, countedTo)) {
        if (signal.aborted) return;
        countedTo = placed.countedTo;
        yield placed;
      }
      const next = isOver ? (await this.days()).find((other) => other > day) : undefined;
      if (next !== undefined) [day, countedTo] = [next, { part: 0, bytes: 0 }];
      else await this.#pause(signal);
    }
  }

  /** The days that have records, the oldest first. */
  days(): Promise<Day[]> {
    return this.#executions.days();
  }

  /** The days that have records, or had some that are deleted, the oldest first. */
  async daysWithFigures(): Promise<Day[]> {
    const files = await datedFiles(this.#folder, ['executions', 'analytics']);
    return [...new Set(files.map(({ day }) => day))].sort();
  }

  /** The figures of a day: of today at once, of others from their file and what came after it. @throws PlatformError STORE_FAILED */
  figures(day: Day): Promise<DayFigures> {
    return this.#storing(() => this.#figures.load(day));
  }

  /** The figures of a day, computed from every record of it that is still there. @throws PlatformError STORE_FAILED */
  exactFigures(day: Day): Promise<AnalyticsFigures> {
    return this.#storing(async () => {
      const scan = new FiguresScan();
      const { closed, open } = await this.#executions.parts(day);
      for (const path of [...closed, open]) {
        for await (const chunk of readChunks(path)) scan.feed(chunk);
        scan.endFile();
      }
      return scan.summary();
    });
  }

  /**
   * Writes `analytics/daily-stats-{day}.json` and returns what is in it. A day without records gives zeros, and a file too.
   *
   * @throws PlatformError STORE_FAILED
   */
  writeAnalytics(day: Day): Promise<DailyAnalytics> {
    return this.#storing(() => this.#figures.write(day));
  }

  /** To be called now and then: writes the figures that changed, so that a restart counts little again. @throws PlatformError STORE_FAILED */
  rollOver(): Promise<void> {
    return this.#storing(() => this.#figures.writeChanged(this.#today));
  }

  /** Compresses the files of days before a day; returns how many. Readers see no difference. @throws PlatformError STORE_FAILED */
  compressBefore(day: Day): Promise<number> {
    return this.#storing(
      async () => (await this.#executions.compressBefore(day)) + (await this.#validations.compressBefore(day)),
    );
  }

  /**
   * Deletes the files of days before a day. Files with other names are left alone.
   *
   * @returns how many were deleted
   */
  async deleteBefore(day: Day, parts: readonly DatasetPart[] = ['executions']): Promise<number> {
    const old = (await datedFiles(this.#folder, parts)).filter((file) => file.day < day);
    for (const { path } of old) await rm(path, { force: true });
    return old.length;
  }

  /** Writes what waits and the figures of the days under way. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#executions.close();
    await this.#validations.close();
    await this.rollOver();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async *#readPlaced(day: Day, from?: CountedTo): AsyncGenerator<PlacedRecord> {
    for await (const { text, countedTo } of this.#executions.read(day, from)) {
      const record = parseRecord(text);
      if (record !== undefined) yield { record, day, countedTo };
    }
  }

  #pause(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const cancel = this.#clock.schedule(TAIL_INTERVAL_MS, end);
      signal.addEventListener('abort', end);
      if (signal.aborted) end();
    });
  }

  async #storing<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof PlatformError) throw error;
      throw new PlatformError('STORE_FAILED', `Cannot use "${this.#folder}": ${messageOf(error)}`, { cause: error });
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
