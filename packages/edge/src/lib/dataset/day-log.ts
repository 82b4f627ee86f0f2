// Invariants of the log:
// L1. `append` resolves after the line was handed to the kernel (`process`) or brought to the disk (`full`), and not when that failed.
// L2. The lines of one turn of the event loop are written by one call, in their order; with `full` also those of the sync before.
// L3. A file holds whole lines: what a crash or a full disk cut off is removed, and was never acknowledged.
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PlatformError, messageOf } from '@loopwright/protocol';
import type { Day } from './day.ts';
import { DayFile, syncFolderOf } from './day-file.ts';
import type { CountedTo } from './day-figures.ts';
import { type DayParts, closeBefore, compressClosed, listDayFiles, partsOf } from './day-parts.ts';
import { type Line, readCompleteLines } from './read-lines.ts';

/** What an acknowledged line survives: `process` the end of this process, `full` the loss of power too. */
export type LogDurability = 'process' | 'full';

/** How a {@link DayLog} is kept. */
export interface DayLogOptions {
  readonly folder: string;
  /** What the names of its files begin with. */
  readonly prefix?: '' | 'sampled-';
  readonly durability: LogDurability;
}

/** A line of a day, and how far it is counted when all up to it is. */
export interface PlacedLine extends Line {
  readonly countedTo: CountedTo;
}

interface Pending {
  readonly day: Day;
  readonly line: string;
  readonly resolve: (countedTo: CountedTo) => void;
  readonly reject: (error: Error) => void;
}

/** Lines in one file a day, that are only added to. One process writes, others may read. */
export class DayLog {
  readonly #folder: string;
  readonly #prefix: '' | 'sampled-';
  readonly #durability: LogDurability;
  #pending: Pending[] = [];
  #isPlanned = false;
  #flushing: Promise<void> = Promise.resolve();
  #isClosed = false;
  #current: { day: Day; part: number; file: DayFile } | undefined;
  /** Closed parts of each day, as far as they were looked up. */
  readonly #closedParts = new Map<Day, number>();
  #tornLines = 0;

  constructor({ folder, prefix = '', durability }: DayLogOptions) {
    this.#folder = folder;
    this.#prefix = prefix;
    this.#durability = durability;
  }

  /** Makes its folder and looks at what is there. */
  async open(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    for (const { day, part } of await listDayFiles(this.#folder))
      if (part !== undefined) this.#closedParts.set(day, Math.max(this.#closedParts.get(day) ?? 0, part + 1));
  }

  /** Repairs the file of a day before it is read, if the last writer was cut off. */
  prepare(day: Day): void {
    this.#fileOf(day);
  }

  /** Lines that were found cut off, and were removed, since the opening. */
  get tornLines(): number {
    return this.#tornLines;
  }

  /**
   * Adds a line (without its line feed) to a day.
   *
   * @returns how far the day is counted when all up to this line is
   * @throws PlatformError STORE_FAILED: it was not written, or with `full` perhaps not.
   */
  append(day: Day, line: string): Promise<CountedTo> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        reject(new PlatformError('STORE_FAILED', 'Cannot write the record: the data set is closed'));
        return;
      }
      this.#pending.push({ day, line, resolve, reject });
      if (this.#isPlanned) return;
      this.#isPlanned = true;
      setImmediate(() => {
        this.#flushing = this.#flushing.then(() => this.#flush());
      });
    });
  }

  /** The lines of a day from a position on, in their order. */
  async *read(day: Day, from: CountedTo = { part: 0, bytes: 0 }): AsyncGenerator<PlacedLine> {
    let paths = pathsOf(await this.parts(day));
    let { part, bytes } = from;
    for (let path = paths[part]; path !== undefined; path = paths[part]) {
      const start = bytes;
      for await (const line of readCompleteLines(path, start)) {
        bytes = line.end;
        yield { ...line, countedTo: { part, bytes } };
      }
      if (bytes === start) {
        // Nothing there: the writer may have closed or compressed it meanwhile, so that it has another name.
        paths = pathsOf(await this.parts(day));
        if (paths[part] !== path) continue;
      }
      part += 1;
      bytes = 0;
    }
  }

  /** How far the lines of a day go now. */
  async end(day: Day): Promise<CountedTo> {
    const { closed, open } = await this.parts(day);
    return { part: closed.length, bytes: await bytesOf(open) };
  }

  /** Where the lines of a day are. */
  parts(day: Day): Promise<DayParts> {
    return partsOf(this.#folder, day, this.#prefix);
  }

  /** The days that have lines, the oldest first. */
  async days(): Promise<Day[]> {
    return [...new Set((await listDayFiles(this.#folder)).map(({ day }) => day))].sort();
  }

  /** Compresses the days before a day; returns how many files. What comes for such a day later starts a new part of it. */
  async compressBefore(day: Day): Promise<number> {
    await this.#alone(async () => {
      if (this.#current !== undefined && this.#current.day < day) this.#closeCurrent();
      await closeBefore(this.#folder, day, this.#prefix);
      await this.open();
    });
    return compressClosed(this.#folder, day);
  }

  /** Writes what waits and closes the file. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#alone(async () => {
      await this.#flush();
      this.#closeCurrent();
    });
  }

  /** Does something while nothing is written. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#flushing.then(work);
    this.#flushing = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  async #flush(): Promise<void> {
    const batch = this.#pending;
    this.#pending = [];
    this.#isPlanned = false;
    for (const [day, entries] of Map.groupBy(batch, (entry) => entry.day)) {
      try {
        const { file, part } = this.#fileOf(day);
        const ends = file.append(entries.map(({ line }) => line));
        if (this.#durability === 'full') await file.sync();
        for (const [index, { resolve }] of entries.entries()) resolve({ part, bytes: ends[index] ?? file.size });
      } catch (error) {
        const failure = new PlatformError('STORE_FAILED', `Cannot write to "${this.#folder}": ${messageOf(error)}`, {
          cause: error,
        });
        for (const { reject } of entries) reject(failure);
        // What the disk holds after a failed sync is known only when the file is read again.
        if (this.#durability === 'full') this.#closeCurrent();
      }
    }
  }

  #fileOf(day: Day): { part: number; file: DayFile } {
    if (this.#current?.day === day) return this.#current;
    const path = join(this.#folder, `${this.#prefix}${day}.jsonl`);
    const file = new DayFile(path);
    if (file.wasTorn) this.#tornLines += 1;
    this.#closeCurrent();
    if (this.#durability === 'full' && file.size === 0) syncFolderOf(path);
    this.#current = { day, part: this.#closedParts.get(day) ?? 0, file };
    return this.#current;
  }

  #closeCurrent(): void {
    this.#current?.file.close();
    this.#current = undefined;
  }
}

function pathsOf({ closed, open }: DayParts): string[] {
  return [...closed, open];
}

async function bytesOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0;
    throw error;
  }
}
