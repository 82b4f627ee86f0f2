import type { DatabaseSync } from 'node:sqlite';

interface Waiting {
  readonly run: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs mutations in groups: all that were asked for in one turn of the event loop share one transaction, so that
 * the cost of a commit is shared while each caller still waits for the commit that holds its own change.
 */
export class GroupCommit {
  readonly #database: DatabaseSync;
  #queue: Waiting[] = [];
  #scheduled = false;
  #afterCommit: () => void;

  /** `afterCommit` is called once after each transaction that was committed, `rolledBack` is its opposite. */
  constructor(database: DatabaseSync, hooks: { afterCommit: () => void; rolledBack: () => void }) {
    this.#database = database;
    this.#afterCommit = hooks.afterCommit;
    this.#rolledBack = hooks.rolledBack;
  }
  readonly #rolledBack: () => void;

  /** Runs a mutation in the next group; settles after its transaction is committed or rolled back. */
  run<T>(mutation: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ run: mutation, resolve: resolve as (value: unknown) => void, reject });
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(() => this.flush());
    });
  }

  /** Commits what is waiting now. */
  flush(): void {
    const group = this.#queue;
    this.#queue = [];
    this.#scheduled = false;
    if (group.length === 0) return;
    try {
      this.#commit(group);
    } catch (error) {
      if (group.length === 1) group[0]?.reject(error);
      else for (const one of group) this.#alone(one);
    }
  }

  #alone(one: Waiting): void {
    try {
      this.#commit([one]);
    } catch (error) {
      one.reject(error);
    }
  }

  #commit(group: readonly Waiting[]): void {
    this.#database.exec('BEGIN IMMEDIATE');
    let values: unknown[];
    try {
      values = group.map((one) => one.run());
      this.#database.exec('COMMIT');
    } catch (error) {
      try {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      } finally {
        this.#rolledBack();
      }
      throw error;
    }
    this.#afterCommit();
    for (const [index, one] of group.entries()) one.resolve(values[index]);
  }
}
