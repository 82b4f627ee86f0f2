import { type Clock, PlatformError, type Random } from '@loopwright/protocol';

/** How long a preview can be acted on, in milliseconds. */
const PREVIEW_MS = 10 * 60_000;
/** How many previews are kept; the oldest goes first. */
const PREVIEWS_LIMIT = 100;

interface Kept<Found, Result> {
  readonly token: string;
  readonly expiresAt: number;
  readonly userId: string;
  readonly found: Found;
  result?: Promise<Result>;
}

/**
 * What bulk operations were previewed with, so that they do exactly that. In memory only; after a restart of the server there are none, and a new
 * preview shows what is left to do.
 */
export class Previews<Found, Result> {
  readonly #parts: { readonly clock: Clock; readonly random: Random };
  readonly #kept = new Map<string, Kept<Found, Result>>();

  constructor(parts: { readonly clock: Clock; readonly random: Random }) {
    this.#parts = parts;
  }

  /** Keeps what was found for ten minutes; time in milliseconds since 1970-01-01 UTC. */
  keep(found: Found, userId: string): { readonly token: string; readonly expiresAt: number } {
    const now = this.#parts.clock.now();
    const kept = { token: this.#parts.random.uuid(), expiresAt: now + PREVIEW_MS, userId, found };
    this.#kept.set(kept.token, kept);
    for (const [token, { expiresAt }] of this.#kept)
      if (expiresAt < now || this.#kept.size > PREVIEWS_LIMIT) this.#kept.delete(token);
    return kept;
  }

  /** Does what was previewed; the same token again gives the same result and does nothing. Throws CONFLICT when the preview is gone or somebody else's. */
  run(token: string, userId: string, work: (found: Found) => Promise<Result>): Promise<Result> {
    const kept = this.#kept.get(token);
    if (kept === undefined || kept.userId !== userId || kept.expiresAt < this.#parts.clock.now())
      throw new PlatformError('CONFLICT', 'Cannot do what was previewed: there is no such preview any more');
    kept.result ??= work(kept.found);
    return kept.result;
  }
}
