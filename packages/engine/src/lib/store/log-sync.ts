import { closeSync, fdatasync, fdatasyncSync, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { PlatformError, messageOf } from '@loopwright/protocol';

/** A transaction that is in the log and waits until the log is on the disk. */
export interface Unsynced {
  /** How many callers wait for it. */
  readonly callers: number;
  readonly acknowledge: () => void;
  readonly refuse: (error: PlatformError) => void;
}

/** Up to this many callers the disk is waited for where one stands: a thread that does it would cost them more than it gives the others. */
const CALLERS_INLINE = 4;

/**
 * Brings the write-ahead log to the disk before what is in it is acknowledged. One sync is under way at a time and carries
 * every transaction that was in the log when it began; meanwhile the next ones are run.
 *
 * Y1 Transactions are acknowledged in the order they were committed, after a sync that began after their commit.
 * Y2 After a sync that failed nothing is acknowledged any more: nobody knows what of the log the disk has.
 */
export class LogSync implements AsyncDisposable {
  readonly #path: string;
  #file: number | undefined;
  #waiting: Unsynced[] = [];
  #underWay: Promise<void> | undefined;
  #failure: PlatformError | undefined;

  /** `path` is the log; it is opened when the first transaction is in it. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Why nothing is acknowledged any more. */
  get failure(): PlatformError | undefined {
    return this.#failure;
  }

  /** Takes a transaction that was committed to the log. */
  add(transaction: Unsynced): void {
    this.#waiting.push(transaction);
    if (this.#underWay === undefined) this.#sync();
  }

  #sync(): void {
    const group = this.#waiting;
    this.#waiting = [];
    const callers = group.reduce((sum, one) => sum + one.callers, 0);
    try {
      this.#file ??= openLog(this.#path);
      if (callers <= CALLERS_INLINE) {
        fdatasyncSync(this.#file);
        this.#settle(group, null);
        return;
      }
    } catch (error) {
      this.#settle(group, error);
      return;
    }
    const file = this.#file;
    this.#underWay = new Promise((done) => {
      fdatasync(file, (error) => {
        this.#underWay = undefined;
        this.#settle(group, error);
        if (this.#waiting.length > 0) this.#sync();
        done();
      });
    });
  }

  #settle(group: readonly Unsynced[], error: unknown): void {
    if (error !== null && this.#failure === undefined) {
      const message = `Cannot write to the store: the log could not be brought to the disk, and the store must be opened again: ${messageOf(error)}`;
      this.#failure = new PlatformError('STORE_FAILED', message, { cause: error });
    }
    const { failure } = this;
    for (const { acknowledge, refuse } of group) {
      if (failure === undefined) acknowledge();
      else refuse(failure);
    }
  }

  /** Waits for what is under way. Nothing may be added any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#underWay !== undefined) await this.#underWay;
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

/** Opens the log, and brings its name in the folder to the disk. */
function openLog(path: string): number {
  const file = openSync(path, 'r+');
  if (process.platform === 'win32') return file;
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
  return file;
}
