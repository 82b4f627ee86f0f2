import { type Clock, PlatformError } from '@loopwright/protocol';
import type { Store, StoreReader, StoreTransaction } from '../store/store.ts';

/** How often a store that refused a write is tried again, in milliseconds. */
const PROBE_MS = 2000;

/**
 * A store that knows whether it can be written. After a write that it refused it tries again by itself, so that a server which takes no work
 * meanwhile sees that the disk has space again.
 */
export class WatchedStore implements Store {
  readonly read: StoreReader;
  readonly #store: Store;
  readonly #clock: Clock;
  #fault: PlatformError | undefined;
  #isProbing = false;
  #cancel: () => void = () => undefined;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.read = store.read;
  }

  /** Why a write was refused; `undefined` again once the store was seen to take one. */
  get fault(): PlatformError | undefined {
    return this.#fault;
  }

  write<T>(mutation: (transaction: StoreTransaction) => T): Promise<T> {
    const written = this.#store.write(mutation);
    written.catch((error: unknown) => {
      if (error instanceof PlatformError && error.code === 'STORE_FAILED') this.#refused(error);
    });
    return written;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancel();
    this.#isProbing = true;
    await this.#store[Symbol.asyncDispose]();
  }

  #refused(fault: PlatformError): void {
    this.#fault = fault;
    if (this.#isProbing) return;
    this.#isProbing = true;
    this.#cancel = this.#clock.schedule(PROBE_MS, () => {
      this.#isProbing = false;
      // A refusal arms the next probe.
      this.write((transaction) => transaction.probe()).then(
        () => void (this.#fault = undefined),
        () => undefined,
      );
    });
  }
}
