import { SqliteStore, type SqliteStoreOptions, type Store, type StoreReader, type StoreTransaction } from '@loopwright/engine';
import { PlatformError } from '@loopwright/protocol';

/** What happens at a store operation: the write is refused, or the process ends, before or after the commit. */
export type Fault = 'refuse' | 'lose-acknowledgement' | 'crash-before' | 'crash-after';

/** The real store on SQLite with faults; after a crash nothing is written any more and no promise of it settles. */
export class FaultyStore implements Store {
  readonly read: StoreReader;
  /** Writes that were asked for: the simulation sees by it whether anything moves. */
  operations = 0;
  isDead = false;
  /** Writes that were asked for and are not settled. */
  pending = 0;
  readonly #inner: SqliteStore;
  #fault: { readonly kind: Fault; left: number } | undefined;

  constructor(options: SqliteStoreOptions) {
    this.#inner = new SqliteStore({
      ...options,
      onEvents: (events) => {
        if (!this.isDead) options.onEvents(events);
      },
    });
    this.read = this.#inner.read;
  }

  /** Lets the `operation`th write from now meet a fault (0: the next). */
  plan(kind: Fault, operation: number): void {
    this.#fault = { kind, left: operation };
  }

  noFaults(): void {
    this.#fault = undefined;
  }

  write<T>(mutation: (transaction: StoreTransaction) => T): Promise<T> {
    if (this.isDead) return new Promise<T>(() => undefined);
    this.operations += 1;
    const fault = this.#next();
    if (fault === 'refuse') return Promise.reject(failed());
    if (fault === 'crash-before') this.isDead = true;
    const commits = fault === 'crash-after';
    this.pending += 1;
    const written = this.#inner
      .write((transaction) => {
        // The group that was not committed yet is gone with the process.
        if (this.isDead && !commits) throw failed();
        return mutation(transaction);
      })
      .finally(() => void (this.pending -= 1));
    if (commits) this.isDead = true;
    return this.#acknowledge(written, fault === 'lose-acknowledgement');
  }

  /** What the caller is told, unless the process is no more. */
  async #acknowledge<T>(written: Promise<T>, isLost: boolean): Promise<T> {
    try {
      const value = await written;
      if (!this.isDead && isLost) throw failed();
      return await (this.isDead ? new Promise<T>(() => undefined) : value);
    } catch (error) {
      if (this.isDead) return new Promise<T>(() => undefined);
      throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#inner[Symbol.asyncDispose]();
  }

  #next(): Fault | undefined {
    if (this.#fault === undefined) return undefined;
    this.#fault.left -= 1;
    if (this.#fault.left >= 0) return undefined;
    const { kind } = this.#fault;
    this.#fault = undefined;
    return kind;
  }
}

function failed(): PlatformError {
  return new PlatformError('STORE_FAILED', 'Cannot write to the store: the simulation refuses it');
}
