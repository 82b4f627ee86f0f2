// Invariants:
// V1. A request works with one `ServedVersion` from its beginning to its end; a switch replaces the entry and touches none.
// V2. A version takes over when it is loaded, checked and warmed up. Until then, and when that fails, the old one stays.
import { ACTIVE_ALIAS, type Clock, PlatformError, messageOf } from '@loopwright/protocol';
import type { ModuleTrace } from '@loopwright/module-sdk';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { PointerLooks } from '../store/pointer-looks.ts';
import type { ProgramStore } from '../store/program-store.ts';
import { aliasKey, partsOfKey } from './alias-key.ts';
import { FollowedPointers } from './followed-pointers.ts';
import { POLL_INTERVAL_MS, VERSIONS_HELD } from './limits.ts';
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

/** Which version a request is for: the one that it names, or the one of an alias; neither is the active one. */
export interface AskedVersion {
  readonly version?: number | undefined;
  readonly alias?: string | undefined;
}

/** The version of an alias, as it is served. */
export interface ServedAlias {
  readonly alias: string;
  readonly served: ServedVersion;
}

/** The active versions and those of the other aliases, kept up with their pointers in the store, and the other versions used last. */
export class ServedPrograms {
  readonly #options: ServedProgramsOptions;
  readonly #schemas: SchemaChecks;
  /** By the name of the program. */
  readonly #active: FollowedPointers;
  /** By {@link aliasKey}. */
  readonly #aliases: FollowedPointers;
  readonly #held = new Map<string, Promise<ServedVersion>>();
  /** Those that have been warmed up. */
  readonly #warm = new WeakSet<ServedVersion>();
  /** Programs whose aliases could not be read at the last look. */
  readonly #unreadable = new Set<string>();
  readonly #looks: PointerLooks;
  #isClosed = false;
  #stopTimer: () => void = () => undefined;

  constructor(options: ServedProgramsOptions) {
    this.#options = options;
    this.#schemas = new SchemaChecks(options.sandbox);
    const { store, clock, log } = options;
    this.#looks = new PointerLooks(store, clock);
    this.#active = new FollowedPointers({
      read: (taskId) => store.getActive(taskId),
      prepare: (taskId, version) => this.#prepare(taskId, version),
      what: (taskId) => `"${taskId}"`,
      clock,
      log,
    });
    this.#aliases = new FollowedPointers({
      read: (key) => store.getAlias(...partsOfKey(key)),
      prepare: (key, version) => this.#prepare(partsOfKey(key)[0], version),
      what: (key) => `"${partsOfKey(key)[0]}" for the alias "${partsOfKey(key)[1]}"`,
      clock,
      log,
    });
  }

  /** Loads the versions of all aliases, then looks again and again whether they have moved, until {@link close}. */
  async open(): Promise<void> {
    await this.#poll();
  }

  close(): void {
    this.#isClosed = true;
    this.#stopTimer();
  }

  /** Active versions by program, sorted by name. */
  get active(): ServedVersion[] {
    return [...this.#active.served.values()].sort((one, other) => (one.metadata.task_id < other.metadata.task_id ? -1 : 1));
  }

  /** The versions of the other aliases, sorted by program and alias. */
  get aliases(): ServedAlias[] {
    const entries = [...this.#aliases.served].sort(([one], [other]) => (one < other ? -1 : 1));
    return entries.map(([key, served]) => ({ alias: partsOfKey(key)[1], served }));
  }

  /** The version of a program that is served; `undefined` when none is. */
  activeNumber(taskId: string): number | undefined {
    return this.#active.served.get(taskId)?.metadata.version;
  }

  /** Programs, and aliases of programs, whose version could not be loaded, with the reason. */
  get failures(): ReadonlyMap<string, { readonly message: string }> {
    return new Map([...this.#active.failures, ...this.#aliases.failures]);
  }

  /** The program for requests that name none; `undefined` when there is no such. */
  get defaultTaskId(): string | undefined {
    if (this.#options.taskId !== undefined) return this.#options.taskId;
    const [only, ...others] = this.#active.served.keys();
    return others.length === 0 ? only : undefined;
  }

  /** Whether there is such a program, active or not. */
  async isKnown(taskId: string): Promise<boolean> {
    return this.#active.served.has(taskId) || (await this.#options.store.list(taskId)).length > 0;
  }

  /** The version of an alias that is served, `active` too; `undefined`: {@link aliasVersion} says which it is or why there is none. */
  served(taskId: string | undefined, alias: string): ServedVersion | undefined {
    const name = taskId ?? this.defaultTaskId;
    if (name === undefined) return undefined;
    return alias === ACTIVE_ALIAS ? this.#active.served.get(name) : this.#aliases.served.get(aliasKey(name, alias));
  }

  /**
   * The active version of a program, or of the default one.
   *
   * @throws PlatformError VALIDATION_ERROR: none was named and there is no default; PROGRAM_NOT_FOUND; NO_ACTIVE_VERSION; and what
   * loading throws when the active version was not loaded yet.
   */
  async activeVersion(taskId: string | undefined): Promise<ServedVersion> {
    const name = this.#named(taskId);
    return this.served(name, ACTIVE_ALIAS) ?? (await this.refresh(name));
  }

  /** The version of an alias, `active` too; throws as {@link activeVersion} does, and ALIAS_NOT_FOUND. */
  aliasVersion(taskId: string | undefined, alias: string): Promise<ServedVersion> {
    return alias === ACTIVE_ALIAS ? this.activeVersion(taskId) : this.#versionOfAlias(taskId, alias);
  }

  /**
   * The version that a request is for, with the alias that led to it; throws as {@link aliasVersion} and `ProgramStore.get` do, and VALIDATION_ERROR for a request
   * that names both.
   */
  async choose(
    taskId: string,
    { version, alias }: AskedVersion,
  ): Promise<{ readonly alias: string | null; readonly served: ServedVersion }> {
    if (version === undefined) {
      const name = alias ?? ACTIVE_ALIAS;
      return { alias: name, served: await this.aliasVersion(taskId, name) };
    }
    if (alias === undefined) return { alias: null, served: await this.version(taskId, version) };
    throw new PlatformError('VALIDATION_ERROR', `Cannot choose a version of "${taskId}": the request names one and an alias`, {
      details: { issues: [{ pointer: '/alias', message: 'cannot be named beside `version`' }] },
    });
  }

  /** Any version of a program, the active one when none is named; throws as {@link activeVersion} and `ProgramStore.get` do. */
  async version(taskId: string, version: number | undefined): Promise<ServedVersion> {
    const active = this.#active.served.get(taskId);
    if (version === undefined) return this.activeVersion(taskId);
    return active?.metadata.version === version ? active : this.#hold(taskId, version);
  }

  /** A version that stays ready for a while: a version never changes. */
  #hold(taskId: string, version: number): Promise<ServedVersion> {
    const key = `${taskId}@${version}`;
    const held = this.#held.get(key) ?? this.#load(taskId, version);
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
  async refresh(taskId: string): Promise<ServedVersion> {
    const served = await this.#active.refresh(taskId);
    if (served !== null) return served;
    await this.#requireKnown(taskId);
    throw new PlatformError('NO_ACTIVE_VERSION', `Cannot run "${taskId}": it has no active version`);
  }

  /** The same for another alias; `null`: there is none of this name any more. */
  async refreshAlias(taskId: string, alias: string): Promise<ServedVersion | null> {
    if (alias === ACTIVE_ALIAS) return this.refresh(taskId);
    const served = await this.#aliases.refresh(aliasKey(taskId, alias));
    if (served === null) await this.#requireKnown(taskId);
    return served;
  }

  async #versionOfAlias(taskId: string | undefined, alias: string): Promise<ServedVersion> {
    const name = this.#named(taskId);
    const served = this.served(name, alias) ?? (await this.refreshAlias(name, alias));
    if (served !== null) return served;
    throw new PlatformError('ALIAS_NOT_FOUND', `Cannot find the alias "${alias}" of "${name}"`);
  }

  #named(taskId: string | undefined): string {
    const name = taskId ?? this.defaultTaskId;
    if (name !== undefined) return name;
    const programs = [...this.#active.served.keys()].sort();
    throw new PlatformError('VALIDATION_ERROR', 'Cannot choose a program: the request has no "task_id"', {
      details: { issues: [{ pointer: '/task_id', message: 'Name one of the programs' }], programs },
    });
  }

  async #requireKnown(taskId: string): Promise<void> {
    if ((await this.#options.store.list(taskId)).length > 0) return;
    throw new PlatformError('PROGRAM_NOT_FOUND', `Cannot find the program "${taskId}"`, {
      details: { programs: [...this.#active.served.keys()] },
    });
  }

  /** Loaded and checked, and warmed up unless it was: one that was active a while ago comes back at once. */
  async #prepare(taskId: string, version: number): Promise<ServedVersion> {
    const { sandbox, trace, clock } = this.#options;
    const next = await this.#hold(taskId, version);
    if (!this.#warm.has(next)) await trace.span('warm up', () => warmUp(next, sandbox, clock));
    this.#warm.add(next);
    return next;
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
    const { clock, log } = this.#options;
    try {
      await this.#looks.ifDue(() => this.#look());
    } catch (error) {
      log(`Cannot look for active versions: ${messageOf(error)}`);
    }
    if (!this.#isClosed) this.#stopTimer = clock.schedule(POLL_INTERVAL_MS, () => void this.#poll());
  }

  async #look(): Promise<void> {
    const { store } = this.#options;
    const names = new Set([...(await store.programs()), ...this.#active.served.keys()]);
    const changes: Promise<unknown>[] = [];
    // One after the other: hundreds of them at once would hold up the requests. What went wrong is in the failures, and in the log.
    for (const name of names) {
      const version = await store.getActive(name);
      if (this.#active.isBehind(name, version)) changes.push(this.#active.refresh(name).catch(() => undefined));
    }
    for (const key of await this.#movedAliases(names)) changes.push(this.#aliases.refresh(key).catch(() => undefined));
    await Promise.all(changes);
  }

  /** Aliases that point elsewhere by now, or are new or gone. */
  async #movedAliases(names: Iterable<string>): Promise<string[]> {
    const { store, log } = this.#options;
    const moved: string[] = [];
    const seen = new Set<string>();
    const known = [...this.#aliases.served.keys(), ...this.#aliases.failures.keys()];
    for (const name of names) {
      try {
        for (const [alias, { version }] of await store.aliases(name)) {
          const key = aliasKey(name, alias);
          seen.add(key);
          if (this.#aliases.isBehind(key, version)) moved.push(key);
        }
        this.#unreadable.delete(name);
      } catch (error) {
        // They stay where they were, and nobody else's wait for them.
        for (const key of known) if (partsOfKey(key)[0] === name) seen.add(key);
        if (!this.#unreadable.has(name)) log(`Cannot look for aliases of "${name}": ${messageOf(error)}`);
        this.#unreadable.add(name);
      }
    }
    return [...moved, ...known.filter((key) => !seen.has(key))];
  }
}
