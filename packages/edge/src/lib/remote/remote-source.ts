// Invariants:
// P1. An alias points to a version here only after that was taken over whole and its digest was that of the alias there.
// P2. Whatever the source does or does not answer, an alias here stays until P1 holds for another version, or the source has said that it is gone.
import {
  type Clock,
  type JsonObject,
  PlatformError,
  type Random,
  isoTime,
  messageOf,
  type ProgramAlias,
  programAliasListSchema,
  programBundleSchema,
} from '@loopwright/protocol';
import type { ProgramStore } from '../store/program-store.ts';

/** Pause after the first failure, doubled up to the second, in milliseconds. */
const RETRY_MS = 1000;
const RETRY_MAX_MS = 60_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** The files of a version in base64, and some room. */
const BUNDLE_LIMIT_BYTES = 128 * 1024 * 1024;

/** Where an edge gets its programs from. */
export interface RemoteSourceOptions {
  /** Base URL of the control plane. */
  readonly url: string;
  /** An API key that may read the programs. */
  readonly token: string;
  readonly programs: readonly string[];
  readonly intervalMs: number;
  readonly store: ProgramStore;
  readonly clock: Clock;
  readonly random: Random;
  /** Told when an alias points elsewhere, so that this is served at once. */
  readonly onChange: (taskId: string, alias: string) => Promise<unknown>;
  readonly log: (message: string) => void;
}

/** How the source was at the last look. */
export interface RemoteHealth {
  readonly url: string;
  /** When it last answered for every program; `null`: not yet. */
  readonly seen_at: string | null;
  readonly trouble: string | null;
}

/** Follows the aliases of programs on a control plane, and keeps the last good versions while that is away. */
export class RemoteSource implements AsyncDisposable {
  readonly #options: RemoteSourceOptions;
  readonly #closing = new AbortController();
  #failures = 0;
  #health: RemoteHealth;
  #round: Promise<void> = Promise.resolve();
  #stopTimer: () => void = () => undefined;

  constructor(options: RemoteSourceOptions) {
    this.#options = options;
    this.#health = { url: options.url, seen_at: null, trouble: null };
  }

  get health(): RemoteHealth {
    return this.#health;
  }

  /** Looks once, then again and again until it is closed. Never fails: what goes wrong is in the log and in `health`. */
  async open(): Promise<void> {
    await this.look();
    this.#plan();
  }

  /** Looks at every program now. */
  async look(): Promise<void> {
    const troubles: string[] = [];
    for (const taskId of this.#options.programs) {
      try {
        await this.#follow(taskId);
      } catch (error) {
        troubles.push(`"${taskId}": ${messageOf(error)}`);
      }
    }
    if (this.#closing.signal.aborted) return;
    const [first] = troubles;
    if (first !== undefined && this.#health.trouble === null)
      this.#options.log(`Cannot follow ${first}. What is active here stays active`);
    if (first === undefined && this.#health.trouble !== null) this.#options.log('The source of programs answers again');
    this.#failures = first === undefined ? 0 : this.#failures + 1;
    const seenAt = first === undefined ? isoTime(this.#options.clock.now()) : this.#health.seen_at;
    this.#health = { url: this.#options.url, seen_at: seenAt, trouble: first ?? null };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new PlatformError('SERVICE_UNAVAILABLE', 'Cannot follow programs: the edge ends'));
    this.#stopTimer();
    await this.#round;
  }

  #plan(): void {
    if (this.#closing.signal.aborted) return;
    const { clock, random, intervalMs } = this.#options;
    const backOff = Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** Math.min(10, this.#failures - 1));
    // A fleet of edges does not come at once when the source is back.
    const delay = this.#failures === 0 ? intervalMs : backOff * (0.5 + random.next() / 2);
    this.#stopTimer = clock.schedule(delay, () => {
      this.#round = this.look().then(() => this.#plan());
    });
  }

  /** Every alias for itself: trouble with one holds up no other. */
  async #follow(taskId: string): Promise<void> {
    const { store, onChange } = this.#options;
    const { aliases } = programAliasListSchema.parse(JSON.parse(await this.#get(`/api/v1/programs/${taskId}/aliases`)));
    const there = new Set(aliases.map(({ alias }) => alias));
    for (const [alias, { version }] of await store.aliases(taskId)) {
      if (there.has(alias)) continue;
      await store.setAlias(taskId, alias, null, { expected: version, record: this.#record('removed', null) });
      await onChange(taskId, alias);
    }
    const troubles: unknown[] = [];
    for (const alias of aliases) await this.#followAlias(taskId, alias).catch((error: unknown) => troubles.push(error));
    if (troubles.length > 0) throw troubles[0];
  }

  async #followAlias(taskId: string, { alias, version, digest, moved_at: movedAt }: ProgramAlias): Promise<void> {
    const { store, onChange } = this.#options;
    if (version === null || digest === null) return;
    if (!(await this.#has(taskId, version, digest))) {
      const answer = await this.#get(`/api/v1/programs/${taskId}/versions/${version}/bundle`);
      const bundle = programBundleSchema.parse(JSON.parse(answer));
      if (bundle.task_id !== taskId || bundle.version !== version || bundle.digest !== digest)
        throw new PlatformError('INVALID_PROGRAM', `Cannot take over version ${version}: the source sent another one`);
      await store.adopt(bundle);
    }
    const here = await store.getAlias(taskId, alias);
    if (here === version) return;
    const record = { ...this.#record(String(version), movedAt), digest };
    await store.setAlias(taskId, alias, version, { expected: here, record });
    await onChange(taskId, alias);
  }

  #record(what: string, movedAt: string | null): JsonObject & { id: string } {
    const { url, random } = this.#options;
    return { id: `remote-${what}-${random.uuid()}`, source: url, moved_at: movedAt };
  }

  async #has(taskId: string, version: number, digest: string): Promise<boolean> {
    const { store } = this.#options;
    if (!(await store.exists(taskId, version))) return false;
    const known = await store.loadMetadata(taskId, version);
    if (known.digest === digest) return true;
    throw new PlatformError('CONFLICT', `Cannot take over version ${version}: another program has this number here`);
  }

  async #get(path: string): Promise<string> {
    const { url, token } = this.#options;
    const response = await fetch(url.replace(/\/+$/u, '') + path, {
      headers: { authorization: `Bearer ${token}` },
      // A token goes where it was meant to go.
      redirect: 'error',
      signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
    });
    if (response.ok) return textOf(response);
    await response.body?.cancel();
    throw new PlatformError('SERVICE_UNAVAILABLE', `Cannot ask the source: it answered ${response.status}`);
  }
}

/** Reads an answer as far as it may go. */
async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > BUNDLE_LIMIT_BYTES)
      throw new PlatformError('PAYLOAD_TOO_LARGE', `Cannot read the answer: it has more than ${BUNDLE_LIMIT_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
