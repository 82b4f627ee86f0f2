import { TIMERS_MAX } from './limits.ts';

/**
 * Counts the timers of isolated-vm. They are not cancelled when a call returns: each lives until its time is over, and hundreds of
 * thousands of them end the process (`reference/sandbox.md` §3). A call that gets none is stopped by the kill from outside.
 */
export class TimerBudget {
  readonly #lifeMs: number;
  #windowStart = 0;
  #inWindow = 0;
  #inLastWindow = 0;

  /** `lifeMs`: how long a timer lives, the limit of a call. */
  constructor(lifeMs: number) {
    this.#lifeMs = lifeMs;
  }

  /** Whether one more timer may be started at `now` (milliseconds, monotonic). */
  take(now: number): boolean {
    if (now - this.#windowStart >= this.#lifeMs) {
      this.#inLastWindow = now - this.#windowStart < 2 * this.#lifeMs ? this.#inWindow : 0;
      this.#inWindow = 0;
      this.#windowStart = now;
    }
    if (this.#inWindow + this.#inLastWindow >= TIMERS_MAX) return false;
    this.#inWindow += 1;
    return true;
  }
}
