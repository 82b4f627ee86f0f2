import type { DatabaseSync } from 'node:sqlite';
import type { LogSync } from './log-sync.ts';
import { storeFailure } from './store-failure.ts';

interface Waiting {
  readonly run: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** What happens around the transactions. */
export interface CommitHooks {
  /** Before the commit: whatever is not written yet is written now. */
  readonly flush: () => void;
  /** After the commit; the result is called when the transaction is acknowledged. */
  readonly committed: () => () => void;
  /** After a rollback. */
  readonly rolledBack: () => void;
}

/** How often a group is tried again without the mutation that threw, before its mutations get a transaction each. */
const RETRIES = 8;
/** How many mutations a transaction takes: some milliseconds of work, so that the process answers to others in between. */
const GROUP_LIMIT = 1000;

/**
 * Runs mutations in groups: all that were asked for in one turn of the event loop share one transaction, so that
 * the cost of a commit is shared while each caller still waits for the commit that holds its own change.
 */
export class GroupCommit {
  readonly #database: DatabaseSync;
  readonly #hooks: CommitHooks;
  readonly #sync: LogSync | undefined;
  readonly #queue: Waiting[] = [];
  #scheduled = false;

  /** With `sync` a transaction is acknowledged when the log is on the disk, without it at its commit. */
  constructor(database: DatabaseSync, hooks: CommitHooks, sync?: LogSync) {
    this.#database = database;
    this.#hooks = hooks;
    this.#sync = sync;
  }

  /** Runs a mutation in the next group; settles after its transaction is committed or rolled back. Throws STORE_FAILED for what SQLite refuses. */
  run<T>(mutation: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const refuse = (error: unknown): void => reject(storeFailure(error, 'write to'));
      this.#queue.push({ run: mutation, resolve: resolve as (value: unknown) => void, reject: refuse });
      this.#schedule();
    });
  }

  /** Commits all that is waiting. */
  flush(): void {
    while (this.#queue.length > 0) this.#commitGroup(this.#queue.splice(0, GROUP_LIMIT));
  }

  /** Commits one group; what came on top of it has its turn after whatever else the process has to do. */
  #turn(): void {
    this.#scheduled = false;
    if (this.#queue.length > GROUP_LIMIT) this.#schedule();
    this.#commitGroup(this.#queue.splice(0, GROUP_LIMIT));
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#turn());
  }

  #commitGroup(group: readonly Waiting[]): void {
    if (group.length === 0) return;
    if (this.#sync?.failure !== undefined) {
      for (const one of group) one.reject(this.#sync.failure);
      return;
    }
    const thrown = new Map<Waiting, unknown>();
    for (let tries = 0; tries <= RETRIES; tries += 1) {
      const rest = thrown.size === 0 ? group : group.filter((one) => !thrown.has(one));
      const failure = this.#commit(rest, thrown);
      if (failure === undefined) return;
      if (failure.thrower === undefined) break;
      thrown.set(failure.thrower, failure.error);
    }
    for (const one of group) this.#alone(one);
  }

  #alone(one: Waiting): void {
    const failure = this.#commit([one], new Map());
    if (failure !== undefined) one.reject(failure.error);
  }

  /** Gives what went wrong, and which mutation threw it; nothing is changed then. */
  #commit(
    group: readonly Waiting[],
    thrown: ReadonlyMap<Waiting, unknown>,
  ): { error: unknown; thrower: Waiting | undefined } | undefined {
    const values: unknown[] = [];
    let running: Waiting | undefined;
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      for (const one of group) {
        running = one;
        values.push(one.run());
      }
      running = undefined;
      this.#hooks.flush();
      this.#database.exec('COMMIT');
    } catch (error) {
      try {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      } finally {
        this.#hooks.rolledBack();
      }
      return { error, thrower: running };
    }
    this.#acknowledge(group, { values, thrown });
    return undefined;
  }

  /** Tells those who wait, once it is true for good: what was thrown may follow from what others of the group wrote. */
  #acknowledge(
    group: readonly Waiting[],
    { values, thrown }: { values: readonly unknown[]; thrown: ReadonlyMap<Waiting, unknown> },
  ): void {
    const handOn = this.#hooks.committed();
    const acknowledge = (): void => {
      handOn();
      for (const [index, one] of group.entries()) one.resolve(values[index]);
      for (const [one, error] of thrown) one.reject(error);
    };
    const refuse = (error: unknown): void => {
      for (const one of group) one.reject(error);
      for (const one of thrown.keys()) one.reject(error);
    };
    if (this.#sync === undefined) acknowledge();
    else this.#sync.add({ callers: group.length, acknowledge, refuse });
  }
}
