import type { Clock } from '@loopwright/protocol';
import type { AuditFacts } from './audit-log.ts';

/** How long refusals are counted together, in milliseconds. */
export const WINDOW_MS = 60_000;
/** Refusals of one address that are written in that time, and of all. */
export const EACH_LIMIT = 20;
const ALL_LIMIT = 200;

/**
 * Which refused requests are written to the log one by one: whoever is refused can send as many as he likes, and must not fill the disk. The others
 * are counted, and one entry tells how many there were.
 */
export class Refusals {
  readonly #clock: Clock;
  #since = 0;
  #written = 0;
  #suppressed = 0;
  readonly #byAddress = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a refusal is to be written. */
  admit(address: string): boolean {
    const count = this.#byAddress.get(address) ?? 0;
    if (count >= EACH_LIMIT || this.#written >= ALL_LIMIT) {
      this.#suppressed += 1;
      return false;
    }
    this.#byAddress.set(address, count + 1);
    this.#written += 1;
    return true;
  }

  /** What is to be written of the time that is over, once it is; nothing when every refusal was written. */
  due(): AuditFacts | undefined {
    const now = this.#clock.now();
    if (now - this.#since < WINDOW_MS) return undefined;
    return this.#close(now);
  }

  /** What is to be written of the time until now. */
  rest(): AuditFacts | undefined {
    return this.#close(this.#clock.now());
  }

  #close(now: number): AuditFacts | undefined {
    const count = this.#suppressed;
    const after = JSON.stringify({ count, since: this.#since, until: now });
    this.#since = now;
    this.#written = 0;
    this.#suppressed = 0;
    this.#byAddress.clear();
    return count === 0 ? undefined : { kind: 'refusals', operation: 'refusals', after };
  }
}
