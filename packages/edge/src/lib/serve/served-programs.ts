// Invariants:
// V1. A request works with one `ServedVersion` from its beginning to its end; a switch replaces the entry and touches none.
// V2. A version takes over when it is loaded, checked and warmed up. Until then, and when that fails, the old one stays.
import { type Clock, PlatformError, messageOf } from '@loopwright/protocol';
import type { ModuleTrace } from '@loopwright/module-sdk';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { ProgramStore } from '../store/program-store.ts';
import { POLL_INTERVAL_MS, RELOAD_DELAY_MS, VERSIONS_HELD } from './limits.ts';
import { SchemaChecks } from './schema-checks.ts';
import { type ServedVersion, serveVersion, warmUp } from './served-version.ts';

/** What {@link ServedPrograms} works with. */
export interface ServedProgramsOptions {
  readonly store: ProgramStore;
  readonly sandbox: Sandbox;
  readonly trace: ModuleTrace;
  readonly clock: Clock;
  /** The program for requests that name none. */
  readonly taskId?: string | undefined;
  readonly log: (message: string) => void;
}

interface Failure {
  readonly version: number;
  readonly at: number;
  readonly message: string;
}

/** The active versions, kept up with their pointers in the store, and the other versions used last. */
export class ServedPrograms {
  readonly #options: ServedProgramsOptions;
  readonly #schemas: SchemaChecks;
  readonly #active = new Map<string, ServedVersion>();
  /** The version that was active before, still ready: going back to it takes no loading and no warming up. */
  readonly #previous = new Map<string, ServedVersion>();
  readonly #failures = new Map<string, Failure>();
  readonly #held = new Map<string, Promise<ServedVersion>>();
  /** Those that have been warmed up. */
  readonly #warm = new WeakSet<ServedVersion>();
  /** One change of a program at a time. */
  readonly #changes = new Map<string, Promise<unknown>>();
  #isClosed = false;
  #stopTimer: () => void = () => undefined;

  constructor(options: ServedProgramsOptions) {
    this.#options = options;
    this.#schemas = new SchemaChecks(options.sandbox);
  }

  /** Loads the active versions, then looks again and again whether they have moved, until {@link close}. */
  async open(): Promise<void> {
    await this.#poll();
  }

  close(): void {
    this.#isClosed = true;
    this.#stopTimer();
  }

  /** Active versions by program, sorted by name. */
  get active(): ServedVersion[] {
    return [...this.#active.values()].sort((one, other) => (one.metadata.task_id < other.metadata.task_id ? -1 : 1));
  }

  /** The version of a program that is served; `undefined` when none is. */
  activeNumber(taskId: string): number | undefined {
    return this.#active.get(taskId)?.metadata.version;
  }

  /** Programs whose active version could not be loaded, with the reason. */
  get failures(): ReadonlyMap<string, { readonly message: string }> {
    return this.#failures;
  }

  /** The program for requests that name none; `undefined` when there is no such. */
  get defaultTaskId(): string | undefined {
    if (this.#options.taskId !== undefined) return this.#options.taskId;
    const [only, ...others] = this.#active.keys();
    return others.length === 0 ? only : undefined;
  }

  /** Whether there is such a program, active or not. */
  async isKnown(taskId: string): Promise<boolean> {
    return this.#active.has(taskId) || (await this.#options.store.list(taskId)).length > 0;
  }

  /**
   * The active version of a program, or of the default one.
   *
   * @throws PlatformError VALIDATION_ERROR: none was named and there is no default; PROGRAM_NOT_FOUND; NO_ACTIVE_VERSION; and what
   * loading throws when the active version was not loaded yet.
   */
  async activeVersion(taskId: string | undefined): Promise<ServedVersion> {
    const name = taskId ?? this.defaultTaskId;
    if (name === undefined) {
      const programs = [...this.#active.keys()].sort();
      throw new PlatformError('VALIDATION_ERROR', 'Cannot choose a program: the request has no "task_id"', {
        details: { issues: [{ pointer: '/task_id', message: 'Name one of the programs' }], programs },
      });
    }
    return this.#active.get(name) ?? (await this.refresh(name));
  }

  /** Any version of a program, the active one when none is named; throws as {@link activeVersion} and `ProgramStore.get` do. */
  async version(taskId: string, version: number | undefined): Promise<ServedVersion> {
    const active = this.#active.get(taskId);
    if (version === undefined) return this.activeVersion(taskId);
    return active?.metadata.version === version ? active : this.#hold(taskId, version);
  }

  /** A version that stays ready for a while: a version never changes. */
  #hold(taskId: string, version: number, ready?: ServedVersion): Promise<ServedVersion> {
    const key = `${taskId}@${version}`;
    const held = this.#held.get(key) ?? (ready === undefined ? this.#load(taskId, version) : Promise.resolve(ready));
    this.#held.delete(key);
    this.#held.set(key, held);
    held.catch(() => this.#held.delete(key));
    const [oldest] = this.#held.keys();
    if (this.#held.size > VERSIONS_HELD && oldest !== undefined) this.#held.delete(oldest);
    return held;
  }

  /**
   * Reads the active pointer again and switches when it has moved.
   *
   * @throws PlatformError PROGRAM_NOT_FOUND, NO_ACTIVE_VERSION, INVALID_PROGRAM, ARTIFACT_NOT_FOUND, PROGRAM_FAILED. The version that
   * was active before stays then, unless the program has none any more.
   */
  refresh(taskId: string): Promise<ServedVersion> {
    const before = this.#changes.get(taskId) ?? Promise.resolve();
    const change = before.then(
      () => this.#follow(taskId),
      () => this.#follow(taskId),
    );
    this.#changes.set(taskId, change);
    const forget = (): void => {
      if (this.#changes.get(taskId) === change) this.#changes.delete(taskId);
    };
    change.then(forget, forget);
    return change;
  }

  async #follow(taskId: string): Promise<ServedVersion> {
    const { store, sandbox, trace, clock, log } = this.#options;
    const version = await store.getActive(taskId);
    if (version === null) {
      this.#active.delete(taskId);
      this.#failures.delete(taskId);
      const isKnown = (await store.list(taskId)).length > 0;
      throw isKnown
        ? new PlatformError('NO_ACTIVE_VERSION', `Cannot run "${taskId}": it has no active version`)
        : new PlatformError('PROGRAM_NOT_FOUND', `Cannot find the program "${taskId}"`, {
            details: { programs: [...this.#active.keys()] },
          });
    }
    const current = this.#active.get(taskId);
    if (current?.metadata.version === version) {
      this.#failures.delete(taskId);
      return current;
    }
    try {
      const previous = this.#previous.get(taskId);
      const next = previous?.metadata.version === version ? previous : await this.#hold(taskId, version);
      // One that was active a while ago comes back at once.
      if (!this.#warm.has(next)) await trace.span('warm up', () => warmUp(next, sandbox, clock));
      this.#warm.add(next);
      if (current !== undefined) this.#previous.set(taskId, current);
      this.#active.set(taskId, next);
      this.#failures.delete(taskId);
      log(`Serving version ${version} of "${taskId}"`);
      return next;
    } catch (error) {
      this.#failures.set(taskId, { version, at: clock.now(), message: messageOf(error) });
      log(`Cannot serve version ${version} of "${taskId}": ${messageOf(error)}`);
      throw error;
    }
  }

  async #load(taskId: string, version: number): Promise<ServedVersion> {
    const { store, sandbox, trace } = this.#options;
    return trace.span(
      'load program',
      async () => {
        const stored = await store.get(taskId, version);
        // Before it can take over: where its language is not to be had, the version before it goes on.
        await sandbox.prepare(stored.metadata.language);
        return serveVersion(stored, this.#schemas);
      },
      () => ({ 'program.name': taskId, 'program.version': version }),
    );
  }

  async #poll(): Promise<void> {
    const { store, clock, log } = this.#options;
    try {
      const names = new Set([...(await store.programs()), ...this.#active.keys()]);
      const changes: Promise<unknown>[] = [];
      // One after the other: hundreds of them at once would hold up the requests.
      for (const name of names) {
        // What went wrong is in the failures, and in the log.
        if (await this.#hasMoved(name)) changes.push(this.refresh(name).catch(() => undefined));
      }
      await Promise.all(changes);
    } catch (error) {
      log(`Cannot look for active versions: ${messageOf(error)}`);
    }
    if (!this.#isClosed) this.#stopTimer = clock.schedule(POLL_INTERVAL_MS, () => void this.#poll());
  }

  /** Whether another version is to be served, and is not left alone for a while because it could not be loaded. */
  async #hasMoved(taskId: string): Promise<boolean> {
    const { store, clock } = this.#options;
    const version = await store.getActive(taskId);
    if (version === (this.#active.get(taskId)?.metadata.version ?? null) && !this.#failures.has(taskId)) return false;
    const failure = this.#failures.get(taskId);
    return failure?.version !== version || clock.now() - failure.at >= RELOAD_DELAY_MS;
  }
}
