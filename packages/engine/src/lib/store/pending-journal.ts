import type { JournalEntry } from '../execution/execution.ts';

/**
 * Journal entries that the open transaction has put and not yet written. A key that is put twice is written once: a
 * step that ended within the transaction that noted its begin costs one row.
 */
export class PendingJournal {
  #executions = new Map<number, Map<string, JournalEntry>>();

  put(execution: number, entry: JournalEntry): void {
    const entries = this.#executions.get(execution);
    if (entries === undefined) this.#executions.set(execution, new Map([[entry.key, entry]]));
    else entries.set(entry.key, entry);
  }

  entry(execution: number, key: string): JournalEntry | undefined {
    return this.#executions.get(execution)?.get(key);
  }

  /** Gives what was put to `write`, and forgets it. */
  drain(write: (execution: number, entry: JournalEntry) => void): void {
    if (this.#executions.size === 0) return;
    const executions = this.#executions;
    this.#executions = new Map();
    for (const [execution, entries] of executions) for (const entry of entries.values()) write(execution, entry);
  }

  forget(): void {
    this.#executions = new Map();
  }
}
