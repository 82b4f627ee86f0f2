import { type Clock, PlatformError, messageOf } from '@loopwright/protocol';
import { type CompactJWSHeaderParameters, type CryptoKey, createLocalJWKSet, errors } from 'jose';
import { z } from 'zod';

/** How old keys may be before they are looked up again behind the answer, in milliseconds. */
const FRESH_MS = 10 * 60_000;
/** How long the keys of an issuer that is away are still believed, in milliseconds. */
const TRUSTED_MS = 24 * 60 * 60_000;
/** The shortest time between two look-ups, whoever asks for whatever key, in milliseconds. */
const COOLDOWN_MS = 30_000;

/** Where the keys of an issuer come from, and what they are kept with. */
export interface JwksKeysOptions {
  /** Reads the key set; throws when it cannot be had. */
  readonly load: () => Promise<unknown>;
  readonly clock: Clock;
  readonly onTrouble: (message: string) => void;
}

const keySetSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(100) });

/**
 * The keys of one issuer, found by `kid` in its key set and nowhere else. A key that is not known has the set looked up again, at most every 30 s, so that
 * a rotation needs no restart and invented ids cost the issuer nothing. While the issuer is away, what it said last counts for a day.
 */
export class JwksKeys {
  readonly #options: JwksKeysOptions;
  #find: ReturnType<typeof createLocalJWKSet> | undefined;
  #loadedAt = -Infinity;
  #triedAt = -Infinity;
  #loading: Promise<void> | undefined;

  constructor(options: JwksKeysOptions) {
    this.#options = options;
  }

  /** The key of a header; `undefined` when the issuer has none, or several that fit. Throws SERVICE_UNAVAILABLE when its keys cannot be had. */
  async find(header: CompactJWSHeaderParameters): Promise<CryptoKey | undefined> {
    const now = this.#options.clock.now();
    if (this.#find === undefined || now - this.#loadedAt >= TRUSTED_MS) await this.refresh();
    else if (now - this.#loadedAt >= FRESH_MS) void this.refresh();
    const known = await this.#lookUp(header);
    if (known !== undefined) return known;
    if (this.#loading === undefined && !this.#mayTry()) return undefined;
    await this.refresh();
    return this.#lookUp(header);
  }

  /** Looks the keys up, unless that was just tried; a failure goes to the log and leaves the last good ones. */
  refresh(): Promise<void> {
    if (this.#loading !== undefined) return this.#loading;
    if (!this.#mayTry()) return Promise.resolve();
    this.#triedAt = this.#options.clock.now();
    this.#loading = this.#load().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #load(): Promise<void> {
    try {
      const { keys } = keySetSchema.parse(await this.#options.load());
      this.#find = createLocalJWKSet({ keys });
      this.#loadedAt = this.#options.clock.now();
    } catch (error) {
      this.#options.onTrouble(`Cannot get the keys of an issuer: ${messageOf(error)}`);
    }
  }

  #mayTry(): boolean {
    return this.#options.clock.now() - this.#triedAt >= COOLDOWN_MS;
  }

  async #lookUp(header: CompactJWSHeaderParameters): Promise<CryptoKey | undefined> {
    if (this.#find === undefined || this.#options.clock.now() - this.#loadedAt >= TRUSTED_MS)
      throw new PlatformError('SERVICE_UNAVAILABLE', 'Cannot check the token: the keys of its issuer cannot be had');
    try {
      return await this.#find(header);
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }
}
