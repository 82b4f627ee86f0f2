import { join } from 'node:path';
import { type Clock, messageOf } from '@loopwright/protocol';
import { type Calendar, type Day, utcCalendar } from './day.ts';
import type { LogDurability } from './day-log.ts';
import { ExecutionLog } from './execution-log.ts';
import { deleteOverSize } from './retention.ts';

/** How often figures are written and the end of a day is looked for, in milliseconds. */
const ROLL_OVER_INTERVAL_MS = 10_000;

/** What is kept for how long. What is left out is kept for good. */
export interface Retention {
  /** Days of executions, today included. */
  readonly retentionDays?: number | undefined;
  /** Days of validations, today included. */
  readonly validationDays?: number | undefined;
  /** Bytes of all data sets together; the oldest days go first, never today. */
  readonly maxBytes?: number | undefined;
  /** Days after which a day is compressed: 1 compresses yesterday. Left out: never. */
  readonly compressAfterDays?: number | undefined;
}

/** What {@link Datasets} works with. */
export interface DatasetsOptions extends Retention {
  readonly dir: string;
  readonly clock: Clock;
  readonly calendar?: Calendar | undefined;
  readonly durability?: LogDurability | undefined;
  readonly whenFull?: 'refuse' | 'drop' | undefined;
  readonly log: (message: string) => void;
}

/** The data sets of all programs, each opened when it is used first. */
export class Datasets implements AsyncDisposable {
  readonly #options: DatasetsOptions;
  readonly #calendar: Calendar;
  #retention: Retention;
  readonly #logs = new Map<string, Promise<ExecutionLog>>();
  /** What was lost in each data set as far as it was reported. */
  readonly #reported = new Map<string, number>();
  /** The day for which retention was done. */
  #retainedOn: Day | undefined;
  #round: Promise<void> = Promise.resolve();
  #isClosed = false;
  #stopTimer: () => void = () => undefined;

  constructor(options: DatasetsOptions) {
    this.#options = options;
    this.#calendar = options.calendar ?? utcCalendar;
    this.#retention = options;
    this.#plan();
  }

  /** The day that is under way. */
  get today(): Day {
    return this.#calendar.dayOf(this.#options.clock.now());
  }

  /** The day of an instant, as written in a record. */
  dayOf(time: string): Day {
    return this.#calendar.dayOf(Date.parse(time));
  }

  /** The data set of a program. @throws PlatformError STORE_FAILED */
  of(taskId: string): Promise<ExecutionLog> {
    const known = this.#logs.get(taskId);
    if (known !== undefined) return known;
    const opening = this.#open(taskId);
    this.#logs.set(taskId, opening);
    // The next request tries again.
    opening.catch(() => this.#logs.delete(taskId));
    return opening;
  }

  /** The data sets that are open. */
  async opened(): Promise<ExecutionLog[]> {
    const settled = await Promise.allSettled(this.#logs.values());
    return settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  }

  /** Keeps things for another time from now on. */
  retain(retention: Retention): void {
    this.#retention = retention;
    this.#retainedOn = undefined;
  }

  /** Does now what is done every ten seconds: writes figures, reports what was lost, deletes and compresses old days once a day. */
  async maintain(): Promise<void> {
    for (const [taskId, opening] of this.#logs) {
      await this.#reporting(`Cannot write the figures of "${taskId}"`, async () => {
        const dataset = await opening;
        this.#reportDropped(taskId, dataset);
        await dataset.rollOver();
      });
    }
    const { today } = this;
    if (this.#retainedOn === today) return;
    this.#retainedOn = today;
    for (const [taskId, opening] of this.#logs)
      await this.#reporting(`Cannot delete or compress old records of "${taskId}"`, async () => this.#keep(await opening));
    await this.#reporting('Cannot delete records to save space', () => this.#keepSize(today));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopTimer();
    await this.#round;
    const closing = [...this.#logs.values()].map(async (log) => (await log).close());
    const failed = (await Promise.allSettled(closing)).find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #open(taskId: string): Promise<ExecutionLog> {
    const { log, ...options } = this.#options;
    const opened = await ExecutionLog.open({ ...options, taskId });
    const { tornLines } = opened;
    if (tornLines > 0) log(`Removed ${tornLines} line(s) of "${taskId}" that a crash had cut off; they were never acknowledged`);
    this.#retainedOn = undefined;
    return opened;
  }

  #plan(): void {
    this.#stopTimer = this.#options.clock.schedule(ROLL_OVER_INTERVAL_MS, () => {
      this.#round = this.maintain().then(() => (this.#isClosed ? undefined : this.#plan()));
    });
  }

  async #keep(dataset: ExecutionLog): Promise<void> {
    const { retentionDays, validationDays, compressAfterDays } = this.#retention;
    const firstOf = (days: number): Day => this.#calendar.daysBefore(this.#options.clock.now(), days - 1);
    if (retentionDays !== undefined) {
      const first = firstOf(retentionDays);
      for (const day of await dataset.days()) if (day < first) await this.#countAll(dataset, day);
      await dataset.deleteBefore(first);
    }
    if (validationDays !== undefined) await dataset.deleteBefore(firstOf(validationDays), ['validations']);
    if (compressAfterDays !== undefined) await dataset.compressBefore(firstOf(Math.max(1, compressAfterDays)));
  }

  async #keepSize(today: Day): Promise<void> {
    const { maxBytes } = this.#retention;
    if (maxBytes === undefined) return;
    const onDelete = async (taskId: string, day: Day): Promise<void> => this.#countAll(await this.of(taskId), day);
    const { deleted, bytes } = await deleteOverSize(join(this.#options.dir, 'datasets'), { maxBytes, today, onDelete });
    if (deleted > 0) this.#options.log(`Deleted ${deleted} old file(s) of records: all had more than ${maxBytes} bytes`);
    if (bytes > maxBytes)
      this.#options.log(`The records of today have ${bytes} bytes, more than the ${maxBytes} that are allowed; they are kept`);
  }

  /** Figures outlive their records: those of a day on which a crash came before they were written are counted before the records go. */
  #countAll(dataset: ExecutionLog, day: Day): Promise<void> {
    return this.#reporting(`Cannot write the figures of ${day}`, async () => void (await dataset.writeAnalytics(day)));
  }

  #reportDropped(taskId: string, { dropped }: ExecutionLog): void {
    if (dropped === (this.#reported.get(taskId) ?? 0)) return;
    this.#reported.set(taskId, dropped);
    this.#options.log(`Lost ${dropped} record(s) of "${taskId}" since the start: they could not be written`);
  }

  async #reporting(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#options.log(`${what}: ${messageOf(error)}`);
    }
  }
}
