import type { Clock } from '@loopwright/protocol';
import type { ModuleStatus } from './module-spec.ts';
import { Timers } from './run/timers.ts';

/** Where a module stands, since when, and who wants to know. Every timer of it belongs to one status and is cancelled when the status is left. */
export class ModuleStanding {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #watchers = new Set<() => void>();
  #status: ModuleStatus = 'stopped';
  #since: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#timers = new Timers(clock);
    this.#since = clock.now();
  }

  get status(): ModuleStatus {
    return this.#status;
  }

  /** When it got its status, in milliseconds. */
  get since(): number {
    return this.#since;
  }

  enter(status: ModuleStatus): void {
    this.#timers.clear();
    this.#status = status;
    this.#since = this.#clock.now();
    this.tell();
  }

  /** Calls `run` once after `delayMs`, unless the status is left before. */
  after(delayMs: number, run: () => void): void {
    this.#timers.after(delayMs, run);
  }

  /** Tells the watchers that something about the module has changed. */
  tell(): void {
    for (const watch of this.#watchers) watch();
  }

  /** Calls `watch` after every change, until the returned function is called. */
  watch(watch: () => void): () => void {
    this.#watchers.add(watch);
    return () => this.#watchers.delete(watch);
  }

  nextChange(): Promise<void> {
    return new Promise((resolve) => {
      const unwatch = this.watch(() => {
        unwatch();
        resolve();
      });
    });
  }
}
