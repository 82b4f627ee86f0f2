import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type Clock, type ExecutionQueryResponse, PlatformError, type Random } from '@loopwright/protocol';
import type { DataJob } from './data-job.ts';
import { runDataJob } from './run-data-job.ts';

/** Jobs that wait for the one that is under way: more are refused. */
const WAITING_MAX = 2;
/** How long a query, and how long an export may take, in milliseconds. */
const QUERY_MS = 30_000;
const EXPORT_MS = 600_000;

/** Which file is to be made; where is not said yet. */
export type FileJob = { [Kind in 'executions' | 'figures']: Omit<Extract<DataJob, { kind: Kind }>, 'path'> }[
  | 'executions'
  | 'figures'];

/** A file that was made, to be read once. */
export interface Exported {
  readonly stream: Readable;
  readonly bytes: number;
}

/**
 * Does what reads many records at once with DuckDB, one thing after the other: each takes memory and a processor that the programs want. A file that is made
 * has no name any more when it is read, so that no crash leaves it behind.
 */
export class DataJobs implements AsyncDisposable {
  readonly #folder: string;
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor({ dataDir, clock, random }: { dataDir: string; clock: Clock; random: Random }) {
    this.#folder = join(dataDir, 'exports');
    this.#random = random;
    this.#clock = clock;
  }

  /** Aborted when nothing is done any more. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Answers a query. `signal` ends it. @throws PlatformError OVERLOADED: too many wait; VALIDATION_ERROR, LIMIT_EXCEEDED, SERVICE_UNAVAILABLE */
  query(job: Extract<DataJob, { kind: 'query' }>, signal: AbortSignal): Promise<ExecutionQueryResponse> {
    return this.#inTurn(async () => {
      const answer = await this.#run(job, signal, QUERY_MS);
      if (typeof answer === 'number') throw new TypeError('A query was answered with a number');
      return answer;
    });
  }

  /** Has a file written, and opens it; the reader closes the stream. `signal` ends it. Throws as {@link query} does; STORE_FAILED */
  export(job: FileJob, signal: AbortSignal): Promise<Exported> {
    return this.#inTurn(async () => {
      // What a crash left behind goes with it: nobody else writes here.
      await rm(this.#folder, { recursive: true, force: true });
      await mkdir(this.#folder, { recursive: true });
      const path = join(this.#folder, `${this.#random.uuid()}.parquet`);
      await this.#run({ ...job, path }, signal, EXPORT_MS);
      const handle = await open(path);
      await rm(path);
      return { stream: handle.createReadStream(), bytes: (await handle.stat()).size };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#turn;
    await rm(this.#folder, { recursive: true, force: true });
  }

  #run(job: DataJob, signal: AbortSignal, timeMs: number): ReturnType<typeof runDataJob> {
    return runDataJob(job, { clock: this.#clock, signal: AbortSignal.any([signal, this.closing]), timeMs });
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting > WAITING_MAX)
      throw new PlatformError('OVERLOADED', `Cannot read so many records: ${this.#waiting} jobs are under way or wait`);
    this.#waiting += 1;
    const turn = this.#turn.then(work).finally(() => (this.#waiting -= 1));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}
