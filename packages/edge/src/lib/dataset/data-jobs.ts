import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { PlatformError, type Random } from '@loopwright/protocol';
import type { ExportTo } from './export-parquet.ts';

/** Jobs that wait for the one that is under way: more are refused. */
const WAITING_MAX = 4;

/** A file that was made, to be read once. */
export interface Exported {
  readonly stream: Readable;
  readonly bytes: number;
}

/**
 * Does what reads many records at once, one thing after the other: each takes memory and a processor that the programs want. A file that is made has no
 * name any more when it is read, so that no crash leaves it behind.
 */
export class DataJobs implements AsyncDisposable {
  readonly #folder: string;
  readonly #random: Random;
  readonly #closing = new AbortController();
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor({ dataDir, random }: { dataDir: string; random: Random }) {
    this.#folder = join(dataDir, 'exports');
    this.#random = random;
  }

  /** Aborted when nothing is done any more. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Has a file written in its turn, and opens it. The reader closes the stream. `signal` is aborted when {@link closing} is. Throws as {@link run} does; STORE_FAILED */
  make(signal: AbortSignal, write: (to: ExportTo) => Promise<number>): Promise<Exported> {
    return this.run(() => this.#write(write, signal));
  }

  /** Does something in its turn. @throws PlatformError OVERLOADED: too many wait */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting > WAITING_MAX)
      throw new PlatformError('OVERLOADED', `Cannot read so many records: ${this.#waiting} jobs are under way or wait`);
    this.#waiting += 1;
    const turn = this.#turn.then(work).finally(() => (this.#waiting -= 1));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#turn;
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #write(write: (to: ExportTo) => Promise<number>, signal: AbortSignal): Promise<Exported> {
    // What a crash left behind goes with it: nobody else writes here.
    await rm(this.#folder, { recursive: true, force: true });
    await mkdir(this.#folder, { recursive: true });
    const path = join(this.#folder, `${this.#random.uuid()}.parquet`);
    await write({ path, signal });
    const handle = await open(path);
    await rm(path);
    return { stream: handle.createReadStream(), bytes: (await handle.stat()).size };
  }
}
