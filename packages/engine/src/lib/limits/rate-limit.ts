import { PlatformError } from '@loopwright/protocol';

/** How many calls may begin in any span of a length. */
export interface RateLimit {
  readonly limit: number;
  readonly perMs: number;
}

/** Rate limits by the name of a function, or `http:HOST` for all calls to a host. */
export type RateLimits = Readonly<Record<string, RateLimit>>;

/** The most that one limit may count: each call of the last span is remembered. */
const LIMIT_MAX = 100_000;
const ONE = /^([A-Za-z_][\w.-]*|http:[a-z0-9.:[\]-]+)=(\d{1,6})\/(\d{1,6}(?:\.\d{1,3})?)s$/;

/**
 * Reads `NAME=COUNT/SECONDSs`, several with commas between them: `generate=2/60s, http:api.example.com=10/1s`.
 * Throws INVALID_CONFIGURATION.
 */
export function parseRateLimits(text: string): RateLimits {
  const parts = text.split(',').map((part) => part.trim());
  return Object.fromEntries(
    parts.map((part): [string, RateLimit] => {
      const [, name = '', count = '', seconds = ''] = ONE.exec(part) ?? [];
      const rate = { limit: Number(count), perMs: Number(seconds) * 1000 };
      if (name !== '' && rate.limit > 0 && rate.perMs > 0) return [name, rate];
      throw new PlatformError('INVALID_CONFIGURATION', `Cannot read the rate limit "${part}": it is not like "generate=2/60s"`);
    }),
  );
}

/**
 * Tokens that are taken one by one and come back a span after they were taken. Unlike tokens that trickle in, this lets no span of that
 * length see more than the limit, bursts included.
 */
export class TokenBucket {
  readonly #rate: RateLimit;
  /** When the tokens that are out were taken, in a ring. */
  readonly #taken: number[] = [];
  #oldest = 0;

  constructor({ limit, perMs }: RateLimit) {
    this.#rate = { limit: Math.min(limit, LIMIT_MAX), perMs };
  }

  /** When the next token is there; not after `now` when one is there already. */
  nextAt(now: number): number {
    const { limit, perMs } = this.#rate;
    return this.#taken.length < limit ? now : (this.#taken[this.#oldest] ?? now) + perMs;
  }

  take(now: number): void {
    if (this.#taken.length < this.#rate.limit) {
      this.#taken.push(now);
      return;
    }
    this.#taken[this.#oldest] = now;
    this.#oldest = (this.#oldest + 1) % this.#rate.limit;
  }
}
