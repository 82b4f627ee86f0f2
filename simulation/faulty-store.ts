import { SqliteStore, type SqliteStoreOptions, type Store, type StoreReader, type StoreTransaction } from '@loopwright/engine';
import { PlatformError } from '@loopwright/protocol';

/**
 * What happens at a store operation: the write is refused, or committed and reported as failed, or the process ends when it asks for
 * the write, inside the transaction, or after the commit and before anybody hears of it.
 */
export const FAULTS = ['refuse', 'lose-acknowledgement', 'crash-before', 'crash-inside', 'crash-after'] as const;
export type Fault = (typeof FAULTS)[number];

/** The real store on SQLite with faults; after a crash nothing is written any more and no promise of it settles. */
export class FaultyStore implements Store {
  readonly read: StoreReader;
  /** Settles when the process of this store ends by a crash. */
  readonly death: Promise<void>;
  /** Writes that were asked for: the simulation sees by it whether anything moves. */
  operations = 0;
  /** Writes that were asked for and are not settled. */
  pending = 0;
  readonly #inner: SqliteStore;
  readonly #beforeWrite: () => Fault | undefined;
  #isDead = false;
  #isClosed = false;
  #die: () => void = () => undefined;
  #fault: { readonly kind: Fault; left: number } | undefined;

  /** `beforeWrite` sees each write and may name the fault that it meets. */
  constructor(options: SqliteStoreOptions, beforeWrite: () => Fault | undefined) {
    this.#beforeWrite = beforeWrite;
    this.death = new Promise((resolve) => void (this.#die = resolve));
    this.#inner = new SqliteStore({
      ...options,
      onEvents: (events, position) => {
        if (!this.#isDead) options.onEvents(events, position);
      },
    });
    this.read = this.#inner.read;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Ends the process: what is not committed is gone, and nobody hears of anything any more. */
  die(): void {
    this.#isDead = true;
    this.#die();
  }

  /** Lets the `operation`th write from now meet a fault (0: the next). */
  plan(kind: Fault, operation: number): void {
    this.#fault = { kind, left: operation };
  }

  noFaults(): void {
    this.#fault = undefined;
  }

  write<T>(mutation: (transaction: StoreTransaction) => T): Promise<T> {
    if (this.#isDead) return new Promise<T>(() => undefined);
    this.operations += 1;
    const fault = this.#beforeWrite() ?? this.#next();
    if (fault === 'refuse') return Promise.reject(failed());
    if (fault === 'crash-before') this.die();
    this.pending += 1;
    const written = this.#inner
      .write((transaction) => {
        // The group that was not committed yet is gone with the process.
        if (fault === 'crash-inside') this.die();
        if (this.#isDead) throw failed();
        const value = mutation(transaction);
        // The turn of the event loop that commits the whole group ends before anybody is told.
        if (fault === 'crash-after') process.nextTick(() => this.die());
        return value;
      })
      .finally(() => void (this.pending -= 1));
    return this.#acknowledge(written, fault === 'lose-acknowledgement');
  }

  /** What the caller is told, unless the process is no more. */
  async #acknowledge<T>(written: Promise<T>, isLost: boolean): Promise<T> {
    try {
      const value = await written;
      if (!this.#isDead && isLost) throw failed();
      return await (this.#isDead ? new Promise<T>(() => undefined) : value);
    } catch (error) {
      if (this.#isDead) return new Promise<T>(() => undefined);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#inner[Symbol.asyncDispose]();
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
