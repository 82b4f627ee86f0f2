import type { ExecutionEvent, JournalEntry } from '../execution/execution.ts';
import type { KnownExecution } from './known-executions.ts';

/** What the open transaction has recorded of one execution and not yet written. */
export interface PendingRecord {
  readonly execution: KnownExecution;
  readonly entries: Map<string, JournalEntry>;
  readonly events: ExecutionEvent[];
}

/**
 * Gathers what the open transaction records, so that it is written once: a step that ended within the transaction that noted its begin is a
 * result and two events in one row.
 */
export class PendingRecords {
  #records = new Map<number, PendingRecord>();

  /** The record of an execution; a new one when nothing is pending. */
  of(execution: KnownExecution): PendingRecord {
    let record = this.#records.get(execution.no);
    if (record === undefined) {
      record = { execution, entries: new Map(), events: [] };
      this.#records.set(execution.no, record);
    }
    return record;
  }

  entry(execution: number, key: string): JournalEntry | undefined {
    return this.#records.get(execution)?.entries.get(key);
  }

  /** Gives the records, and forgets them. */
  take(): Iterable<PendingRecord> {
    if (this.#records.size === 0) return [];
    const records = this.#records;
    this.#records = new Map();
    return records.values();
  }

  forget(): void {
    this.#records = new Map();
  }
}
