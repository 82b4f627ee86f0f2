import type { ExecutionEvent } from '../execution/execution.ts';

/** Hands committed events to those who listen to their execution. A listener that throws does not stop the others. */
export class EventHub {
  readonly #listeners = new Map<string, Set<(event: ExecutionEvent) => void>>();

  subscribe(executionId: string, listener: (event: ExecutionEvent) => void): () => void {
    const listeners = this.#listeners.get(executionId) ?? new Set();
    this.#listeners.set(executionId, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(executionId);
    };
  }

  publish(events: readonly ExecutionEvent[]): void {
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
