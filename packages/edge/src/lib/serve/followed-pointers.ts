import { type Clock, messageOf } from '@loopwright/protocol';
import { ChangesByKey } from './changes-by-key.ts';
import { RELOAD_DELAY_MS } from './limits.ts';
import type { ServedVersion } from './served-version.ts';

/** What {@link FollowedPointers} works with. */
export interface FollowedPointersOptions {
  /** The version that a pointer points to; `null`: there is no such pointer. */
  readonly read: (key: string) => Promise<number | null>;
  /** A version that is loaded, checked and warmed up. */
  readonly prepare: (key: string, version: number) => Promise<ServedVersion>;
  /** What a pointer is, for people. */
  readonly what: (key: string) => string;
  readonly clock: Clock;
  readonly log: (message: string) => void;
}

interface Failure {
  readonly version: number;
  readonly at: number;
  readonly message: string;
}

/** Pointers to versions, each with the version that it pointed to when it was followed last. */
export class FollowedPointers {
  readonly #options: FollowedPointersOptions;
  readonly #served = new Map<string, ServedVersion>();
  /** The version before, still ready: going back to it takes no loading and no warming up. */
  readonly #previous = new Map<string, ServedVersion>();
  readonly #failures = new Map<string, Failure>();
  readonly #changes = new ChangesByKey();

  constructor(options: FollowedPointersOptions) {
    this.#options = options;
  }

  /** What is served, by the keys of its pointers. */
  get served(): ReadonlyMap<string, ServedVersion> {
    return this.#served;
  }

  /** Pointers whose version could not be loaded, with the reason. */
  get failures(): ReadonlyMap<string, { readonly message: string }> {
    return this.#failures;
  }

  /**
   * Reads a pointer again and switches when it has moved; `null`: there is none any more. Throws what preparing its version throws, and the version before
   * stays then.
   */
  refresh(key: string): Promise<ServedVersion | null> {
    return this.#changes.run(key, () => this.#follow(key));
  }

  /** Whether another version than `version` is served, which is not left alone for a while because it could not be loaded. */
  isBehind(key: string, version: number | null): boolean {
    const failure = this.#failures.get(key);
    if (version === (this.#served.get(key)?.metadata.version ?? null) && failure === undefined) return false;
    return failure?.version !== version || this.#options.clock.now() - failure.at >= RELOAD_DELAY_MS;
  }

  async #follow(key: string): Promise<ServedVersion | null> {
    const { read, prepare, what, clock, log } = this.#options;
    const version = await read(key);
    const current = this.#served.get(key);
    if (version === null) {
      for (const known of [this.#served, this.#previous, this.#failures]) known.delete(key);
      return null;
    }
    if (current?.metadata.version === version) {
      this.#failures.delete(key);
      return current;
    }
    try {
      const previous = this.#previous.get(key);
      const next = previous?.metadata.version === version ? previous : await prepare(key, version);
      if (current !== undefined) this.#previous.set(key, current);
      this.#served.set(key, next);
      this.#failures.delete(key);
      log(`Serving version ${version} of ${what(key)}`);
      return next;
    } catch (error) {
      this.#failures.set(key, { version, at: clock.now(), message: messageOf(error) });
      log(`Cannot serve version ${version} of ${what(key)}: ${messageOf(error)}`);
      throw error;
    }
  }
}
