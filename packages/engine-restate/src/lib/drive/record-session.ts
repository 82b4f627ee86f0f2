import type { JournalEntry, Store, StoreReader, StoreTransaction } from '@loopwright/engine';
import { PlatformError, toJson } from '@loopwright/protocol';
import { type ExecutionRecord, copyOf, isOpen } from '../record/execution-record.ts';
import type { Snapshot, Verdict } from '../record/messages.ts';
import { RecordTransaction } from '../record/record-transaction.ts';

/** How much one commit may hold, in bytes of JSON: a message of Restate has at most 32 MiB. */
const COMMIT_LIMIT_BYTES = 30 * 1024 * 1024;

interface Waiting {
  readonly mutation: (transaction: StoreTransaction) => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** What a session asks of the record in Restate. The calls wait until Restate can be reached. */
export interface RecordCalls {
  commit(commit: { commitId: string; version: number; changes: ReturnType<typeof toJson> }): Promise<Verdict>;
  load(): Promise<Snapshot>;
  park(version: number): Promise<Verdict>;
}

/** What a session tells. */
export interface SessionTold {
  /** Something was recorded from outside for an entry that was waiting. */
  received(entry: JournalEntry): void;
  /** The execution has another status by the hand of somebody else. */
  statusChanged(status: ExecutionRecord['execution']['status']): void;
  /** Another attempt drives the execution, or the record is gone. */
  gone(): void;
}

/**
 * The record of one execution as its driver sees it. Transitions are made on a copy and committed by compare-and-set: where somebody else was
 * first, the copy is loaded anew and the transitions are made again. So what is committed was decided on what is recorded.
 */
export class RecordSession implements Store {
  readonly #calls: RecordCalls;
  readonly #told: SessionTold;
  readonly #nextId: () => string;
  #record: ExecutionRecord;
  #version: number;
  #queue: Waiting[] = [];
  #isScheduled = false;
  #last: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(snapshot: Snapshot, calls: RecordCalls, told: SessionTold, nextId: () => string) {
    this.#record = recordOf(snapshot);
    this.#version = snapshot.version;
    this.#calls = calls;
    this.#told = told;
    this.#nextId = nextId;
  }

  get record(): ExecutionRecord {
    return this.#record;
  }

  get version(): number {
    return this.#version;
  }

  get read(): StoreReader {
    return new RecordTransaction(this.#record);
  }

  /** Transitions of one turn of the event loop share a commit; what is asked for while one is under way goes into the next. */
  write<T>(mutation: (transaction: StoreTransaction) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ mutation, resolve: resolve as (value: unknown) => void, reject });
      if (this.#isScheduled) return;
      this.#isScheduled = true;
      setImmediate(() => void this.#after(() => this.#flush()));
    });
  }

  /** Takes note of what others recorded. */
  resync(): Promise<void> {
    return this.#after(() => this.#load());
  }

  /** Says that nothing is to be done before something comes from outside; `false` when something has come, or is being written. */
  async park(isStillParked: () => boolean): Promise<boolean> {
    let isParked = false;
    await this.#after(async () => {
      if (this.#queue.length > 0 || !isStillParked()) return;
      const verdict = await this.#calls.park(this.#version);
      if (verdict === 'changed') await this.#load();
      else if (verdict === 'gone') this.#gone();
      else isParked = true;
    });
    return isParked;
  }

  /** Nothing is written any more; what waits never settles. */
  close(): void {
    this.#isClosed = true;
    this.#queue = [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** One thing after the other: a commit, a load, a park. */
  #after(work: () => Promise<void>): Promise<void> {
    const run = this.#last.then(() => (this.#isClosed ? undefined : work()));
    this.#last = run.catch(() => undefined);
    return run;
  }

  async #flush(): Promise<void> {
    this.#isScheduled = false;
    let batch = this.#queue;
    this.#queue = [];
    const commitId = this.#nextId();
    while (batch.length > 0) {
      const draft = copyOf(this.#record);
      const transaction = new RecordTransaction(draft);
      const made = make(batch, transaction);
      // A transition that throws changes nothing: the others are made again without it.
      if ('failed' in made) {
        made.failed.reject(made.error);
        batch = batch.filter((one) => one !== made.failed);
        continue;
      }
      const changes = transaction.changes();
      if (changes !== undefined && Buffer.byteLength(JSON.stringify(changes)) > COMMIT_LIMIT_BYTES) {
        batch = this.#half(batch);
        continue;
      }
      const verdict = changes === undefined ? 'done' : await this.#commit(batch, commitId, toJson(changes));
      if (this.#isClosed || verdict === undefined) return;
      if (verdict === 'gone') return this.#gone();
      if (verdict === 'changed') {
        await this.#load();
        continue;
      }
      if (changes !== undefined) {
        this.#record = draft;
        this.#version += 1;
      }
      for (const [index, one] of batch.entries()) one.resolve(made.values[index]);
      return;
    }
  }

  /** The first half of what is too much for one commit; the rest comes next. One transition alone that is too much is refused. */
  #half(batch: readonly Waiting[]): Waiting[] {
    const [only] = batch;
    if (batch.length === 1) {
      const reason = `it has more than ${COMMIT_LIMIT_BYTES} bytes`;
      only?.reject(new PlatformError('LIMIT_EXCEEDED', `Cannot record what is to be recorded at once: ${reason}`));
      return [];
    }
    const half = Math.ceil(batch.length / 2);
    this.#queue.unshift(...batch.slice(half));
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      setImmediate(() => void this.#after(() => this.#flush()));
    }
    return batch.slice(0, half);
  }

  async #commit(batch: readonly Waiting[], commitId: string, changes: ReturnType<typeof toJson>): Promise<Verdict | undefined> {
    try {
      return await this.#calls.commit({ commitId, version: this.#version, changes });
    } catch (error) {
      for (const one of batch) one.reject(error);
      return undefined;
    }
  }

  async #load(): Promise<void> {
    const snapshot = await this.#calls.load();
    if (this.#isClosed || snapshot.version === this.#version) return;
    const before = this.#record;
    this.#record = recordOf(snapshot);
    this.#version = snapshot.version;
    const { status } = snapshot.execution;
    if (status !== before.execution.status) this.#told.statusChanged(status);
    for (const entry of snapshot.entries) {
      const known = before.entries.get(entry.key);
      const isSettled = entry.state === 'done' || entry.state === 'failed';
      if (isSettled && (known === undefined || isOpen(known))) this.#told.received(entry);
    }
  }

  #gone(): void {
    this.close();
    this.#told.gone();
  }
}

function make(
  batch: readonly Waiting[],
  transaction: StoreTransaction,
): { values: unknown[] } | { failed: Waiting; error: unknown } {
  const values: unknown[] = [];
  for (const one of batch) {
    try {
      values.push(one.mutation(transaction));
    } catch (error) {
      return { failed: one, error };
    }
  }
  return { values };
}

function recordOf({ execution, entries, tasks, early, listening, lastSeq }: Snapshot): ExecutionRecord {
  return {
    execution,
    entries: new Map(entries.map((entry) => [entry.key, entry])),
    tasks: new Map(tasks.map((task) => [task.id, task])),
    early,
    listening,
    lastSeq,
  };
}
