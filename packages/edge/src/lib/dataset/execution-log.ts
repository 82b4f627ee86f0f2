// Invariants of the log:
// L1. `append` resolves after the record was handed to the kernel, and not when that failed.
// L2. The records of one turn of the event loop are written by one call, in their order.
// L3. A file holds whole lines: what a crash or a full disk cut off is removed, and was never acknowledged.
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Clock,
  type DailyAnalytics,
  type ExecutionRecord,
  PlatformError,
  executionRecordSchema,
  messageOf,
  programNameSchema,
} from '@loopwright/protocol';
import { type Day, dayOf, daySchema } from './day.ts';
import { DayFile } from './day-file.ts';
import { DayStatistics } from './day-statistics.ts';
import { readCompleteLines } from './read-lines.ts';

/** Where the data set of a program is kept. */
export interface ExecutionLogOptions {
  /** The data folder; the data set is under `datasets/{task_id}`. */
  readonly dir: string;
  readonly taskId: string;
  readonly clock: Clock;
}

/** Parts of a data set that retention can remove. */
export type DatasetPart = 'executions' | 'validations' | 'analytics';

interface Pending {
  readonly record: ExecutionRecord;
  readonly line: string;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const fileNames: Readonly<Record<DatasetPart, RegExp>> = {
  executions: /^(\d{4}-\d{2}-\d{2})\.jsonl$/u,
  validations: /^sampled-(\d{4}-\d{2}-\d{2})\.jsonl$/u,
  analytics: /^daily-stats-(\d{4}-\d{2}-\d{2})\.json$/u,
};

/** The recorded executions of one program, in one file a day, and the figures of each day. One process writes it. */
export class ExecutionLog implements AsyncDisposable {
  readonly #folder: string;
  readonly #clock: Clock;
  #pending: Pending[] = [];
  #isFlushPlanned = false;
  #isClosed = false;
  #current: { day: Day; file: DayFile } | undefined;
  /** Figures of the days that were written to by this process, or looked at while they were today. */
  readonly #statistics = new Map<Day, DayStatistics>();
  #tornLines = 0;

  private constructor({ dir, taskId, clock }: ExecutionLogOptions) {
    this.#folder = join(dir, 'datasets', taskId);
    this.#clock = clock;
  }

  /**
   * Opens the data set of a program, makes its folders and counts what today's file holds.
   *
   * @throws PlatformError STORE_FAILED; VALIDATION_ERROR for a name that is not allowed.
   */
  static async open(options: ExecutionLogOptions): Promise<ExecutionLog> {
    if (!programNameSchema.safeParse(options.taskId).success) {
      throw new PlatformError('VALIDATION_ERROR', 'Cannot open the data set: the name of the program is not allowed');
    }
    const log = new ExecutionLog(options);
    try {
      for (const part of Object.keys(fileNames)) await mkdir(join(log.#folder, part), { recursive: true });
      const today = dayOf(options.clock.now());
      log.#fileOf(today);
      log.#statistics.set(today, await log.#count(today));
    } catch (error) {
      throw storeFailed(log.#folder, error);
    }
    return log;
  }

  /** Lines that were found cut off, and were removed, since the opening. */
  get tornLines(): number {
    return this.#tornLines;
  }

  /** Records and successes of today, and the mean latency of the successes in milliseconds. */
  get today(): { readonly total: number; readonly successful: number; readonly averageMs: number } {
    const statistics = this.#statistics.get(dayOf(this.#clock.now()));
    return { total: statistics?.total ?? 0, successful: statistics?.successful ?? 0, averageMs: statistics?.averageMs ?? 0 };
  }

  /**
   * Writes a record to the file of the day on which it was executed. Answer the request after this.
   *
   * @throws PlatformError STORE_FAILED: nothing was written.
   */
  append(record: ExecutionRecord): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        reject(new PlatformError('STORE_FAILED', 'Cannot write the execution: the data set is closed'));
        return;
      }
      this.#pending.push({ record, line: `${JSON.stringify(record)}\n`, resolve, reject });
      if (this.#isFlushPlanned) return;
      this.#isFlushPlanned = true;
      setImmediate(() => {
        this.#isFlushPlanned = false;
        this.#flush();
      });
    });
  }

  /** Reads the records of a day in their order; lines that are no records are left out. */
  async *read(day: Day): AsyncGenerator<ExecutionRecord> {
    for await (const line of readCompleteLines(this.#pathOf('executions', day))) {
      const record = parseRecord(line);
      if (record !== undefined) yield record;
    }
  }

  /** The days that have a file, the oldest first. */
  async days(): Promise<Day[]> {
    return (await this.#filesOf('executions')).map(({ day }) => day).sort();
  }

  /**
   * Writes `analytics/daily-stats-{day}.json` and returns what is in it. A day without records gives zeros, and a file too.
   *
   * @throws PlatformError STORE_FAILED
   */
  async writeAnalytics(day: Day): Promise<DailyAnalytics> {
    try {
      const statistics = this.#statistics.get(day) ?? (await this.#count(day));
      const analytics = statistics.toAnalytics(day);
      const path = this.#pathOf('analytics', day);
      await writeFile(`${path}.next`, `${JSON.stringify(analytics, null, 2)}\n`);
      await rename(`${path}.next`, path);
      return analytics;
    } catch (error) {
      throw storeFailed(this.#folder, error);
    }
  }

  /** To be called now and then: writes the figures of days that are over. Returns whether there were any. */
  async rollOver(): Promise<boolean> {
    const today = dayOf(this.#clock.now());
    const past = [...this.#statistics.keys()].filter((day) => day < today);
    if (!this.#statistics.has(today)) this.#statistics.set(today, new DayStatistics());
    for (const day of past) {
      await this.writeAnalytics(day);
      this.#statistics.delete(day);
    }
    return past.length > 0;
  }

  /**
   * Deletes the files of days before a day. Files with other names are left alone.
   *
   * @returns how many were deleted
   */
  async deleteBefore(day: Day, parts: readonly DatasetPart[] = ['executions']): Promise<number> {
    let deleted = 0;
    for (const part of parts) {
      for (const file of await this.#filesOf(part)) {
        if (file.day >= day) continue;
        await rm(join(this.#folder, part, file.name), { force: true });
        deleted += 1;
      }
    }
    return deleted;
  }

  /** Writes what waits and the figures of the days under way. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#flush();
    this.#isClosed = true;
    this.#current?.file.close();
    this.#current = undefined;
    for (const day of this.#statistics.keys()) await this.writeAnalytics(day);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #flush(): void {
    const batch = this.#pending;
    this.#pending = [];
    for (const [day, entries] of Map.groupBy(batch, ({ record }) => dayOf(Date.parse(record.executed_at)))) {
      try {
        this.#fileOf(day).append(entries.map(({ line }) => line).join(''));
      } catch (error) {
        const failure = storeFailed(this.#folder, error);
        for (const { reject } of entries) reject(failure);
        continue;
      }
      const statistics = this.#statisticsOf(day);
      for (const { record, resolve } of entries) {
        statistics?.add(record);
        resolve();
      }
    }
  }

  /** The figures to add to; `undefined` for a day that is over and was not counted: it is counted from its file when asked for. */
  #statisticsOf(day: Day): DayStatistics | undefined {
    const known = this.#statistics.get(day);
    if (known !== undefined || day !== dayOf(this.#clock.now())) return known;
    const fresh = new DayStatistics();
    this.#statistics.set(day, fresh);
    return fresh;
  }

  #fileOf(day: Day): DayFile {
    if (this.#current?.day === day) return this.#current.file;
    const file = new DayFile(this.#pathOf('executions', day));
    if (file.wasTorn) this.#tornLines += 1;
    this.#current?.file.close();
    this.#current = { day, file };
    return file;
  }

  async #count(day: Day): Promise<DayStatistics> {
    const statistics = new DayStatistics();
    for await (const record of this.read(day)) statistics.add(record);
    return statistics;
  }

  async #filesOf(part: DatasetPart): Promise<{ name: string; day: Day }[]> {
    const names = await readdir(join(this.#folder, part));
    return names.flatMap((name) => {
      const day = fileNames[part].exec(name)?.[1];
      return day !== undefined && daySchema.safeParse(day).success ? [{ name, day }] : [];
    });
  }

  #pathOf(part: 'executions' | 'analytics', day: Day): string {
    // What comes from a request must be a day and nothing else.
    const name = daySchema.parse(day);
    return join(this.#folder, part, part === 'executions' ? `${name}.jsonl` : `daily-stats-${name}.json`);
  }
}

function parseRecord(line: string): ExecutionRecord | undefined {
  try {
    return executionRecordSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

function storeFailed(folder: string, error: unknown): PlatformError {
  if (error instanceof PlatformError) return error;
  return new PlatformError('STORE_FAILED', `Cannot write to "${folder}": ${messageOf(error)}`, { cause: error });
}
