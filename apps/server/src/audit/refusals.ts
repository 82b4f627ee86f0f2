import { normalizeIP } from '@fastify/rate-limit';
import type { Clock } from '@loopwright/protocol';
import type { AuditFacts } from './audit-log.ts';

/** How long refusals are counted together, in milliseconds. */
export const WINDOW_MS = 60_000;
const DAY_MS = 86_400_000;
/** Refusals of one caller that are written in that time, of all of a kind, and of all of a kind in a day. */
export const EACH_LIMIT = 20;
export const ALL_LIMIT = 200;
export const DAY_LIMIT = 5000;
/** Callers of which the refusals that are not written are told apart, and those that an entry names. */
const COUNTED = 1000;
const NAMED = 20;

/** Who was refused: somebody who is known, or nobody, whom only the address tells. */
export interface Refused {
  readonly userId: string | null;
  readonly address: string;
}

/** What one kind of callers has used up. */
class Budget {
  #written = 0;
  #writtenToday = 0;
  readonly #byCaller = new Map<string, number>();

  take(caller: string): boolean {
    const count = this.#byCaller.get(caller) ?? 0;
    if (count >= EACH_LIMIT || this.#written >= ALL_LIMIT || this.#writtenToday >= DAY_LIMIT) return false;
    this.#byCaller.set(caller, count + 1);
    this.#written += 1;
    this.#writtenToday += 1;
    return true;
  }

  nextWindow(): void {
    this.#written = 0;
    this.#byCaller.clear();
  }

  nextDay(): void {
    this.#writtenToday = 0;
  }
}

/**
 * Which refused requests are written to the log one by one: whoever is refused can send as many as he likes, and must not fill the disk. The others
 * are counted, and one entry a minute tells how many there were and from where most of them came. Who is known is counted apart from strangers, so
 * that a flood of guesses does not hide what a person was refused. A day has at most 10,000 entries and 1,440 counts.
 */
export class Refusals {
  readonly #clock: Clock;
  #since: number;
  #day: number;
  #suppressed = 0;
  readonly #people = new Budget();
  readonly #strangers = new Budget();
  readonly #suppressedOf = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.now();
    this.#day = this.#since;
  }

  /** Whether a refusal is to be written. */
  admit({ userId, address }: Refused): boolean {
    const caller = userId ?? normalizeIP(address);
    if ((userId === null ? this.#strangers : this.#people).take(caller)) return true;
    this.#suppressed += 1;
    const from = normalizeIP(address);
    const count = this.#suppressedOf.get(from);
    if (count !== undefined || this.#suppressedOf.size < COUNTED) this.#suppressedOf.set(from, (count ?? 0) + 1);
    return false;
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
    const addresses = [...this.#suppressedOf]
      .toSorted(([, one], [, other]) => other - one)
      .slice(0, NAMED)
      .map(([address, refused]) => ({ address, count: refused }));
    const after = JSON.stringify({ count, since: this.#since, until: now, addresses });
    this.#since = now;
    this.#suppressed = 0;
    this.#suppressedOf.clear();
    for (const budget of [this.#people, this.#strangers]) {
      budget.nextWindow();
      if (now - this.#day >= DAY_MS) budget.nextDay();
    }
    if (now - this.#day >= DAY_MS) this.#day = now;
    return count === 0 ? undefined : { kind: 'refusals', operation: 'refusals', after };
  }
}
