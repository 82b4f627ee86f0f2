import type { Clock } from '@loopwright/protocol';
import type { Store, StoreTransaction } from '../store/store.ts';

/** How long ended executions are kept, in milliseconds since their end; what is left out is kept for ever. */
export interface Retention {
  /** Then an execution is compacted: its journal goes and its events but the last one; its result and the answers of people stay. */
  readonly journalMs?: number;
  /** Then it is removed with all that belongs to it, its large values included; its id may be used for another one. */
  readonly executionsMs?: number;
  /** Since they were committed, not since the end: then events have no place in the stream of all executions any more; each execution keeps its own. */
  readonly streamMs?: number;
}

/** How often ended executions are looked for, in milliseconds. */
const INTERVAL_MS = 60_000;
/** Pause between two batches, so that the requests of people come first, in milliseconds. */
const PAUSE_MS = 20;

/** Compacts and removes ended executions in small batches; what a crash leaves half done goes on at the next start. */
export class HistoryRetention {
  readonly #parts: { store: Store; clock: Clock; retention: Retention; onTrouble: (error: unknown) => void };
  #cancel: () => void = () => undefined;
  #stopped = false;

  constructor(parts: { store: Store; clock: Clock; retention: Retention; onTrouble: (error: unknown) => void }) {
    this.#parts = parts;
  }

  /** Begins; does nothing when everything is kept. */
  start(): void {
    const { journalMs, executionsMs, streamMs } = this.#parts.retention;
    if (journalMs !== undefined || executionsMs !== undefined || streamMs !== undefined) this.#schedule(0);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return;
    this.#cancel = this.#parts.clock.schedule(delayMs, () => void this.#batch());
  }

  async #batch(): Promise<void> {
    const { retention, onTrouble } = this.#parts;
    try {
      const removing = await this.#apply(retention.executionsMs, (transaction, before) => transaction.removeEnded(before));
      const compacting = await this.#apply(retention.journalMs, (transaction, before) => transaction.compactEnded(before));
      const dropping = await this.#apply(retention.streamMs, (transaction, before) => transaction.dropPositions(before));
      this.#schedule(removing || compacting || dropping ? PAUSE_MS : INTERVAL_MS);
    } catch (error) {
      onTrouble(error);
      this.#schedule(INTERVAL_MS);
    }
  }

  /** One batch, unless nothing goes; gives whether there may be more. */
  async #apply(ageMs: number | undefined, work: (transaction: StoreTransaction, before: number) => boolean): Promise<boolean> {
    if (ageMs === undefined || this.#stopped) return false;
    const before = this.#parts.clock.now() - ageMs;
    return this.#parts.store.write((transaction) => work(transaction, before));
  }
}
