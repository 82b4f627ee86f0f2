import type { Clock } from '@loopwright/protocol';

/** How many runs may follow each other at once; after them one comes every second, until it was quiet for a while. */
const BURST = 20;
const EVERY_MS = 1000;

/**
 * Runs one thing for many causes: at once for the first, and once more when it has ended for all that came meanwhile, never twice at a time. What is shown is
 * then at most one run behind, and a server on which a thousand things happen in a second is not asked a thousand times: its limits for a person are far above.
 */
export class Coalescer {
  readonly #run: () => Promise<void>;
  readonly #clock: Clock;
  #isRunning = false;
  #isWanted = false;
  #left = BURST;
  #countedAt: number;

  /** A failed run is left to whoever shows it: the next cause tries again. */
  constructor(run: () => Promise<void>, clock: Clock) {
    this.#run = run;
    this.#clock = clock;
    this.#countedAt = clock.now();
  }

  /** Asks for a run that begins after now. */
  request(): void {
    this.#isWanted = true;
    if (!this.#isRunning) void this.#work();
  }

  async #work(): Promise<void> {
    this.#isRunning = true;
    while (this.#isWanted) {
      const waitMs = this.#take();
      if (waitMs > 0) await new Promise<void>((resolve) => void this.#clock.schedule(waitMs, resolve));
      this.#isWanted = false;
      await this.#run().catch(() => undefined);
    }
    this.#isRunning = false;
  }

  /** Takes one of the runs that are left; gives how long to wait for it. */
  #take(): number {
    const now = this.#clock.now();
    this.#left = Math.min(BURST, this.#left + (now - this.#countedAt) / EVERY_MS) - 1;
    this.#countedAt = now;
    return Math.max(0, -this.#left * EVERY_MS);
  }
}
