import type { ExecutionEvent } from '../execution/execution.ts';

/** Gets the events of a commit, and the position of the first one in the order of all executions. */
export type CommitListener = (events: readonly ExecutionEvent[], position: number) => void;

/** Hands committed events to those who listen to their execution, and commits to those who listen to all. A listener that throws does not stop the others. */
export class EventHub {
  readonly #listeners = new Map<string, Set<(event: ExecutionEvent) => void>>();

  readonly #all = new Set<CommitListener>();

  /** Calls `listener` with every commit from now on that has events; the result ends it. */
  subscribeAll(listener: CommitListener): () => void {
    this.#all.add(listener);
    return () => void this.#all.delete(listener);
  }

  subscribe(executionId: string, listener: (event: ExecutionEvent) => void): () => void {
    const listeners = this.#listeners.get(executionId) ?? new Set();
    this.#listeners.set(executionId, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(executionId);
    };
  }

  publish(events: readonly ExecutionEvent[], position: number): void {
    for (const listener of this.#all) {
      try {
        listener(events, position);
      } catch {
        // The events are stored: the listener can read them again from its cursor.
      }
    }
    for (const event of events) {
      for (const listener of this.#listeners.get(event.executionId) ?? []) {
        try {
          listener(event);
        } catch {
          // The event is stored: the listener can read it again from its cursor.
        }
      }
    }
  }
}
