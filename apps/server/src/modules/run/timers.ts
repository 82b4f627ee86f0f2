import type { Clock } from '@loopwright/protocol';

/** Timers that end together. */
export class Timers {
  readonly #clock: Clock;
  readonly #cancels = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `run` once after `delayMs`, unless they are cleared before. */
  after(delayMs: number, run: () => void): void {
    const cancel = this.#clock.schedule(delayMs, () => {
      this.#cancels.delete(cancel);
      run();
    });
    this.#cancels.add(cancel);
  }

  clear(): void {
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }
}
