import { type Clock, messageOf } from '@loopwright/protocol';
import { type Day, daysBefore } from './day.ts';
import { ExecutionLog } from './execution-log.ts';

/** How often the end of a day is looked for, in milliseconds. */
const ROLL_OVER_INTERVAL_MS = 10_000;

/** What {@link Datasets} works with. */
export interface DatasetsOptions {
  readonly dir: string;
  readonly clock: Clock;
  /** Days of executions that are kept, today included; left out: all. */
  readonly retentionDays?: number | undefined;
  readonly log: (message: string) => void;
}

/** The data sets of all programs, each opened when it is used first. */
export class Datasets implements AsyncDisposable {
  readonly #options: DatasetsOptions;
  readonly #logs = new Map<string, Promise<ExecutionLog>>();
  #today: Day;
  #isClosed = false;
  #stopTimer: () => void = () => undefined;

  constructor(options: DatasetsOptions) {
    this.#options = options;
    this.#today = daysBefore(options.clock.now(), 0);
    this.#plan();
  }

  /** The data set of a program. @throws PlatformError STORE_FAILED */
  of(taskId: string): Promise<ExecutionLog> {
    const known = this.#logs.get(taskId);
    if (known !== undefined) return known;
    const opening = ExecutionLog.open({ dir: this.#options.dir, taskId, clock: this.#options.clock });
    this.#logs.set(taskId, opening);
    opening.then(
      (log) => this.#retain(taskId, log),
      // The next request tries again.
      () => this.#logs.delete(taskId),
    );
    return opening;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopTimer();
    const closing = [...this.#logs.values()].map(async (log) => (await log).close());
    const failed = (await Promise.allSettled(closing)).find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #plan(): void {
    this.#stopTimer = this.#options.clock.schedule(ROLL_OVER_INTERVAL_MS, () => void this.#rollOver());
  }

  async #rollOver(): Promise<void> {
    const today = daysBefore(this.#options.clock.now(), 0);
    if (today !== this.#today) {
      for (const [taskId, opening] of this.#logs) {
        try {
          const log = await opening;
          await log.rollOver();
          this.#retain(taskId, log);
        } catch (error) {
          this.#options.log(`Cannot close the day of "${taskId}": ${messageOf(error)}`);
        }
      }
      this.#today = today;
    }
    if (!this.#isClosed) this.#plan();
  }

  #retain(taskId: string, log: ExecutionLog): void {
    const { retentionDays, clock } = this.#options;
    if (retentionDays === undefined) return;
    log.deleteBefore(daysBefore(clock.now(), retentionDays - 1)).catch((error: unknown) => {
      this.#options.log(`Cannot delete old executions of "${taskId}": ${messageOf(error)}`);
    });
  }
}
