/**
 * Runs one thing for many causes: at once for the first, and once more when it has ended for all that came meanwhile, never twice at a time. What is
 * shown is then at most one run behind, and a thousand events in a second make no thousand requests.
 */
export class Coalescer {
  readonly #run: () => Promise<void>;
  #isRunning = false;
  #isWanted = false;

  /** A failed run is left to whoever shows it: the next cause tries again. */
  constructor(run: () => Promise<void>) {
    this.#run = run;
  }

  /** Asks for a run that begins after now. */
  request(): void {
    this.#isWanted = true;
    if (!this.#isRunning) void this.#work();
  }

  async #work(): Promise<void> {
    this.#isRunning = true;
    while (this.#isWanted) {
      this.#isWanted = false;
      await this.#run().catch(() => undefined);
    }
    this.#isRunning = false;
  }
}
