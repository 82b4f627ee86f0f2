import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { PlatformError, type Random } from '@loopwright/protocol';
import type { ExportTo } from './export-parquet.ts';

/** Exports that wait for the one that is made: more are refused. */
const WAITING_MAX = 4;

/** A file that was made, to be read once. */
export interface Exported {
  readonly stream: Readable;
  readonly bytes: number;
}

/**
 * Makes Parquet files for readers, one after the other: each takes memory and a processor that the programs want. A file has no name any more when it is
 * read, so that no crash leaves it behind.
 */
export class Exports implements AsyncDisposable {
  readonly #folder: string;
  readonly #random: Random;
  readonly #closing = new AbortController();
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor({ dataDir, random }: { dataDir: string; random: Random }) {
    this.#folder = join(dataDir, 'exports');
    this.#random = random;
  }

  /** Aborted when nothing is exported any more. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /**
   * Has a file written, and opens it. The reader closes the stream. `signal` is aborted when {@link closing} is.
   *
   * @throws PlatformError OVERLOADED: too many wait; SERVICE_UNAVAILABLE, STORE_FAILED
   */
  async make(signal: AbortSignal, write: (to: ExportTo) => Promise<number>): Promise<Exported> {
    if (this.#waiting > WAITING_MAX)
      throw new PlatformError('OVERLOADED', `Cannot export: ${this.#waiting} exports are under way or wait`);
    this.#waiting += 1;
    const turn = this.#turn.then(() => this.#write(write, signal)).finally(() => (this.#waiting -= 1));
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
