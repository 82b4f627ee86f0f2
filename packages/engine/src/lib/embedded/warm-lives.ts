/** How many entries of journals are kept in memory for executions that only wait for their next event. */
const ENTRIES_KEPT = 100_000;

/**
 * Executions that stay in memory though they wait: taken up anew for each of their events, they would go through all events before it.
 * The one that has waited longest goes first.
 */
export class WarmLives {
  readonly #sizes = new Map<string, number>();
  #total = 0;

  /** Keeps an execution whose journal has so many entries; gives those that have to go, it among them when it is too large itself. */
  keep(executionId: string, entries: number): string[] {
    this.forget(executionId);
    this.#sizes.set(executionId, entries);
    this.#total += entries;
    const dropped: string[] = [];
    for (const id of this.#sizes.keys()) {
      if (this.#total <= ENTRIES_KEPT) break;
      this.forget(id);
      dropped.push(id);
    }
    return dropped;
  }

  /** Takes note that an execution is not in memory any more, or moves. */
  forget(executionId: string): void {
    this.#total -= this.#sizes.get(executionId) ?? 0;
    this.#sizes.delete(executionId);
  }
}
