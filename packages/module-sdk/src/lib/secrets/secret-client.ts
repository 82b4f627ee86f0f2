// K1. A value that was fetched before a rotation is never kept after it.
// K2. Every value goes to the redactor before anybody gets it.
import { type Clock, PlatformError } from '@loopwright/protocol';
import { withDeadline } from './deadline.ts';
import type { Redactor } from './redactor.ts';
import type { SecretProvider } from './secret-provider.ts';
import { Secret } from './secret.ts';

/** Where {@link SecretClient.get} looks: the cache and then the source, the source only, or the cache only. */
export type SecretMode = 'cache_then_remote' | 'force_remote' | 'cache_only';

/** What happened to a secret that this module has used. */
export interface SecretEvent {
  readonly kind: 'added' | 'rotated' | 'removed';
  readonly name: string;
}

/** What a {@link SecretClient} works with. */
export interface SecretClientOptions {
  readonly provider: SecretProvider;
  readonly clock: Clock;
  readonly redactor: Redactor;
  /** For one fetch, and for all listeners of one change together; in milliseconds. @default 5 000 */
  readonly timeoutMs?: number;
}

type Listener = (event: SecretEvent) => void | Promise<void>;

const TIMEOUT_MS = 5000;

/** The secrets of a module, with a cache. */
export class SecretClient {
  readonly #options: SecretClientOptions;
  readonly #cache = new Map<string, Secret>();
  readonly #fetching = new Map<string, Promise<Secret>>();
  readonly #listeners = new Set<Listener>();
  #rotations = 0;

  constructor(options: SecretClientOptions) {
    this.#options = options;
  }

  /** Gives a secret. @throws `SECRET_NOT_FOUND`, `SECRET_UNAVAILABLE` (after the time-out too), `FORBIDDEN`. */
  async get(name: string, { mode = 'cache_then_remote' }: { readonly mode?: SecretMode } = {}): Promise<Secret> {
    const cached = mode === 'force_remote' ? undefined : this.#cache.get(name);
    if (cached !== undefined) return cached;
    if (mode === 'cache_only')
      throw new PlatformError('SECRET_NOT_FOUND', `Cannot give the secret "${name}": it was not fetched yet`);
    return this.#fetch(name);
  }

  /** Gives what `parse` makes of a secret; an error of it says nothing of the value. */
  async getParsed<T>(name: string, parse: (value: string) => T): Promise<T> {
    const secret = await this.get(name);
    try {
      return parse(secret.reveal());
    } catch {
      throw new PlatformError(
        'SECRET_UNAVAILABLE',
        `Cannot use the secret "${name}": it does not have the form that is expected`,
      );
    }
  }

  /** Calls a listener after each change, until the returned function is called. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes a value that came unasked. */
  async put(name: string, value: string): Promise<void> {
    const kind = this.#cache.has(name) ? 'rotated' : 'added';
    this.#rotations += 1;
    this.#keep(name, value);
    await this.#tell({ kind, name });
  }

  /** Drops names from the cache, fetches those again that were in it, and tells the listeners. @throws The first error of a fetch or a listener; then all names are dropped still. */
  async refresh(names: readonly string[]): Promise<void> {
    this.#rotations += 1;
    const known = names.filter((name) => this.#cache.delete(name));
    for (const name of names) this.#fetching.delete(name);
    for (const name of known) {
      const isThere = await this.#fetch(name, true).then(
        () => true,
        (error: unknown) => {
          if (error instanceof PlatformError && error.code === 'SECRET_NOT_FOUND') return false;
          throw error;
        },
      );
      await this.#tell({ kind: isThere ? 'rotated' : 'removed', name });
    }
  }

  #fetch(name: string, quiet = false): Promise<Secret> {
    const under = this.#fetching.get(name);
    if (under !== undefined) return under;
    const fetched = this.#fetchNow(name, quiet).finally(() => {
      if (this.#fetching.get(name) === fetched) this.#fetching.delete(name);
    });
    this.#fetching.set(name, fetched);
    return fetched;
  }

  async #fetchNow(name: string, quiet: boolean): Promise<Secret> {
    const { provider, clock, redactor, timeoutMs: ms = TIMEOUT_MS } = this.#options;
    const rotations = this.#rotations;
    const value = await withDeadline(provider.get(name), {
      clock,
      ms,
      expired: () =>
        new PlatformError('SECRET_UNAVAILABLE', `Cannot get the secret "${name}": there was no answer within ${ms} ms`),
    });
    if (value === undefined) throw new PlatformError('SECRET_NOT_FOUND', `Cannot get the secret "${name}": there is none`);
    if (rotations !== this.#rotations) {
      redactor.add(value);
      return new Secret(name, value);
    }
    const isNew = !this.#cache.has(name);
    const secret = this.#keep(name, value);
    if (isNew && !quiet) await this.#tell({ kind: 'added', name });
    return secret;
  }

  #keep(name: string, value: string): Secret {
    this.#options.redactor.add(value);
    const secret = new Secret(name, value);
    this.#cache.set(name, secret);
    return secret;
  }

  async #tell(event: SecretEvent): Promise<void> {
    const { clock, timeoutMs: ms = TIMEOUT_MS } = this.#options;
    await withDeadline(Promise.all([...this.#listeners].map(async (listener) => listener(event))), {
      clock,
      ms,
      expired: () =>
        new PlatformError(
          'SECRET_UNAVAILABLE',
          `Cannot use the secret "${event.name}": its users did not take it within ${ms} ms`,
        ),
    });
  }
}
