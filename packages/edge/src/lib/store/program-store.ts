// Invariants of the store:
// S1. A version is there completely or not at all, and never changes afterwards; a draft may, as long as nothing has to do with it.
// S2. A number is given once: versions are not deleted here, and the next one is one more than the highest.
// S3. The promotion is on disk before the pointer moves. The pointer moves by a rename.
// S4. Readers take no lock. Writers of one program take the lock of its folder.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ACTIVE_ALIAS,
  type Clock,
  type JsonObject,
  PlatformError,
  type ProgramBundle,
  type ProgramMetadata,
  type RolloutPlan,
  isoTime,
  messageOf,
  programMetadataSchema,
  programNameSchema,
} from '@loopwright/protocol';
import type { z } from 'zod';
import { buildProgram } from '../build/build-program.ts';
import { PythonBuilder } from '../build/python-builder.ts';
import { readActive, writeActive } from './active-pointer.ts';
import { type AliasPointers, readAliases } from './alias-file.ts';
import { readChangeMark, writeChangeMark } from './change-mark.ts';
import { isMissing } from './durable-file.ts';
import { withFolderLock } from './folder-lock.ts';
import { movePointer } from './move-pointer.ts';
import { checkAliasName, moveAlias, setAliasRollout } from './named-aliases.ts';
import { type AliasMove, type Promotion, appendPromotion, readAliasMoves, readPromotions } from './promotion-log.ts';
import { readRollout, writeRollout } from './rollout-file.ts';
import {
  type ExtraFiles,
  type StoredProgram,
  checkExtraFiles,
  readExtraFile,
  readBundle,
  readMetadata,
  readVersion,
  restoreReplaced,
  writeBundle,
  writeVersion,
} from './version-folder.ts';

/** Where programs are kept. */
export interface ProgramStoreOptions {
  /** The data folder; programs are under `artifacts/`. */
  readonly dir: string;
  readonly clock: Clock;
  /** `false` on file systems without symbolic links: the active version is then in `.active_version`. Default `true`. */
  readonly links?: boolean;
}

/** A version that is to be stored. */
export interface NewVersion {
  /** Names the version for its maker: the same id again gives the version that has it. */
  readonly id: string;
  /** In the language that `metadata.language` says: `program.ts` or `program.py`. */
  readonly source: string;
  readonly files?: ExtraFiles;
  /** Everything in `metadata.json` that the store does not know itself. */
  readonly metadata?: Omit<z.input<typeof programMetadataSchema>, 'id' | 'task_id' | 'version' | 'digest' | 'created_at'>;
}

/** How an alias is to be moved. */
export interface ActiveMove {
  /** The version that it must point to now, `null` for none; left out: any. */
  readonly expected?: number | null | undefined;
  /** Why: kept with `at`, `from` and `to`, of `active` in `promotions.jsonl`, else in `alias-moves.jsonl`. Written once for an id. */
  readonly record: JsonObject & { id: string };
}

/** The versions of programs in a folder, shared by the process that writes them and those that serve them. */
export class ProgramStore {
  readonly #root: string;
  readonly #clock: Clock;
  readonly #links: boolean;
  readonly #python: PythonBuilder;

  constructor({ dir, clock, links = true }: ProgramStoreOptions) {
    this.#root = join(dir, 'artifacts');
    this.#clock = clock;
    this.#links = links;
    this.#python = new PythonBuilder(clock);
  }

  /**
   * Builds and stores the next version of a program.
   *
   * @throws PlatformError INVALID_PROGRAM: it does not build, nothing was written; VALIDATION_ERROR: names or metadata;
   * STORE_FAILED: the disk; LANGUAGE_UNAVAILABLE: a program of Python where there is no Python or no jail for it.
   */
  async store(taskId: string, next: NewVersion): Promise<ProgramMetadata> {
    return this.#put(taskId, next, async (folder) => {
      const versions = await this.#versions(folder);
      for (const version of versions) {
        const known = await readMetadata(folder, version);
        if (known.id === next.id) return known;
      }
      return (versions.at(-1) ?? 0) + 1;
    });
  }

  /**
   * Puts something else in the place of a draft that no alias ever pointed to and that takes part in no rollout. Readers that come in between see the old one, the new
   * one, or for a moment none.
   *
   * @throws PlatformError INVALID_STATE: it is no such draft; ARTIFACT_NOT_FOUND; and what {@link store} throws
   */
  async overwrite(taskId: string, version: number, next: NewVersion): Promise<ProgramMetadata> {
    return this.#put(taskId, next, async (folder) => {
      const { status } = await readMetadata(folder, checkVersion(version));
      const moves = [...(await readPromotions(folder)), ...(await readAliasMoves(folder))];
      const wasActive = moves.some(({ to }) => to === version) || (await readActive(folder)) === version;
      const aliases = [...(await readAliases(folder)).values()];
      const plans = [await readRollout(folder), ...aliases.map(({ rollout }) => rollout)];
      const isUsed =
        aliases.some((alias) => alias.version === version) ||
        plans.some((plan) => plan?.candidate === version || plan?.incumbent === version);
      if (status === 'draft' && !wasActive && !isUsed) return version;
      throw new PlatformError('INVALID_STATE', `Cannot overwrite version ${version} of "${taskId}": only drafts change`, {
        details: { status, was_active: wasActive },
      });
    });
  }

  /** A version with all its files, for another machine; throws as {@link get} does. */
  async bundle(taskId: string, version: number): Promise<ProgramBundle> {
    return readBundle(this.#folder(taskId), checkVersion(version));
  }

  /**
   * Takes over a version from another machine, under its number there. A number that is taken by the same program is left as it is.
   *
   * @throws PlatformError INVALID_PROGRAM: the bundle is not what it says; CONFLICT: the number is taken by another program; STORE_FAILED: the disk
   */
  async adopt(bundle: ProgramBundle): Promise<ProgramMetadata> {
    const { task_id: taskId, version, digest } = bundle;
    const folder = this.#folder(taskId);
    return this.#write(folder, async () => {
      if (!(await isFolder(join(folder, `v${checkVersion(version)}`)))) return writeBundle(folder, bundle);
      const known = await readMetadata(folder, version);
      if (known.digest === digest) return known;
      throw new PlatformError('CONFLICT', `Cannot take over version ${version} of "${taskId}": another program has this number`, {
        details: { digest: known.digest, offered: digest },
      });
    });
  }

  /** Builds and writes a version under the number that `choose` gives, or gives the one that it finds. */
  async #put(
    taskId: string,
    { id, source, files = {}, metadata = {} }: NewVersion,
    choose: (folder: string) => Promise<number | ProgramMetadata>,
  ): Promise<ProgramMetadata> {
    const folder = this.#folder(taskId);
    checkExtraFiles(files);
    const { code, digest } = await (metadata.language === 'python' ? this.#python.build(source) : buildProgram(source));
    return this.#write(folder, async () => {
      const version = await choose(folder);
      if (typeof version !== 'number') return version;
      const created_at = isoTime(this.#clock.now());
      const parsed = programMetadataSchema.safeParse({ ...metadata, id, task_id: taskId, version, digest, created_at });
      if (!parsed.success) {
        throw new PlatformError('VALIDATION_ERROR', `Cannot store a version of "${taskId}": its metadata is not valid`, {
          cause: parsed.error,
        });
      }
      await writeVersion(folder, { metadata: parsed.data, source, code }, files);
      return parsed.data;
    });
  }

  /** Names of all programs, sorted. */
  async programs(): Promise<string[]> {
    const names = await namesIn(this.#root);
    return names.filter((name) => programNameSchema.safeParse(name).success).sort();
  }

  /** Metadata of all versions of a program, the oldest first; empty for a program that is not known. */
  async list(taskId: string): Promise<ProgramMetadata[]> {
    const folder = this.#folder(taskId);
    const versions = await this.#versions(folder);
    return Promise.all(versions.map((version) => readMetadata(folder, version)));
  }

  /** A version with its source and code. @throws PlatformError ARTIFACT_NOT_FOUND; INVALID_PROGRAM when a file was changed. */
  async get(taskId: string, version: number): Promise<StoredProgram> {
    return readVersion(this.#folder(taskId), checkVersion(version));
  }

  /** `metadata.json` of a version; throws as {@link get} does. */
  async loadMetadata(taskId: string, version: number): Promise<ProgramMetadata> {
    return readMetadata(this.#folder(taskId), checkVersion(version));
  }

  /** The text of a further file of a version; throws as {@link get} does. */
  async readFile(taskId: string, version: number, name: string): Promise<string> {
    return readExtraFile(this.#folder(taskId), checkVersion(version), name);
  }

  /** Whether there is such a version. */
  async exists(taskId: string, version: number): Promise<boolean> {
    return isFolder(join(this.#folder(taskId), `v${checkVersion(version)}`));
  }

  /** The active version; `null` when there is none. */
  async getActive(taskId: string): Promise<number | null> {
    return readActive(this.#folder(taskId));
  }

  /** Every move of the active version, the oldest first. */
  async promotions(taskId: string): Promise<Promotion[]> {
    return readPromotions(this.#folder(taskId));
  }

  /**
   * Makes a version the active one, if the active one is still `expected`. A move that was recorded, but whose answer or whose
   * switch was lost in a crash, is completed by the same call again.
   *
   * @throws PlatformError ARTIFACT_NOT_FOUND: no such version; ALIAS_MOVED: another version is active; STORE_FAILED: the disk.
   */
  async setActive(taskId: string, version: number, { expected, record }: ActiveMove): Promise<Promotion> {
    const folder = this.#folder(taskId);
    if (!(await this.exists(taskId, version))) {
      throw new PlatformError(
        'ARTIFACT_NOT_FOUND',
        `Cannot activate version ${version} of "${taskId}": there is no such version`,
      );
    }
    return this.#write(folder, async () => {
      const active = await readActive(folder);
      const promotion: Promotion = { ...record, at: isoTime(this.#clock.now()), from: active, to: version };
      return movePointer(promotion, {
        what: `the active version of "${taskId}"`,
        current: active,
        expected,
        moves: await readPromotions(folder),
        append: (made) => appendPromotion(folder, made),
        point: () => this.#moving(() => writeActive(folder, version, this.#links)),
      });
    });
  }

  /** Where the other aliases of a program point. @throws PlatformError STORE_FAILED: their file is none of ours */
  async aliases(taskId: string): Promise<AliasPointers> {
    return readAliases(this.#folder(taskId));
  }

  /** The version that an alias points to, `active` too; `null`: there is no such alias, or no active version. */
  async getAlias(taskId: string, alias: string): Promise<number | null> {
    if (alias === ACTIVE_ALIAS) return this.getActive(taskId);
    return (await this.aliases(taskId)).get(alias)?.version ?? null;
  }

  /** Every move of an alias, the oldest first, also of one that was removed; of `active` its promotions. */
  async aliasMoves(taskId: string, alias: string): Promise<AliasMove[]> {
    const folder = this.#folder(taskId);
    if (alias !== ACTIVE_ALIAS) return readAliasMoves(folder, alias);
    return (await readPromotions(folder)).map((promotion) => Object.assign(promotion, { alias }));
  }

  /**
   * Lets an alias point to a version, and makes it when there is none of this name; `null` removes it. In all else as {@link setActive}, which it does for `active`.
   *
   * @throws PlatformError what {@link setActive} throws; LIMIT_EXCEEDED: the program has as many as it may; VALIDATION_ERROR: the name, or `active` is to be removed.
   */
  async setAlias(taskId: string, alias: string, version: number | null, move: ActiveMove): Promise<AliasMove> {
    checkAliasName(alias);
    if (alias === ACTIVE_ALIAS) {
      if (version !== null) return { ...(await this.setActive(taskId, version, move)), alias };
      throw new PlatformError('VALIDATION_ERROR', `Cannot remove the alias "${alias}" of "${taskId}": every program has it`);
    }
    const folder = this.#folder(taskId);
    if (version !== null && !(await this.exists(taskId, version)))
      throw new PlatformError(
        'ARTIFACT_NOT_FOUND',
        `Cannot point the alias "${alias}" of "${taskId}" to version ${version}: there is no such version`,
      );
    return this.#write(folder, () => this.#moving(() => moveAlias(folder, { taskId, alias, version, ...move }, this.#clock)));
  }

  /** The rollout of an alias; `null`: its version is served alone. */
  async rollout(taskId: string, alias: string = ACTIVE_ALIAS): Promise<RolloutPlan | null> {
    if (alias === ACTIVE_ALIAS) return readRollout(this.#folder(taskId));
    return (await this.aliases(taskId)).get(alias)?.rollout ?? null;
  }

  /** Replaces the rollout of an alias in one step, or ends it with `null`. @throws PlatformError STORE_FAILED */
  async setRollout(taskId: string, plan: RolloutPlan | null, alias: string = ACTIVE_ALIAS): Promise<void> {
    const folder = this.#folder(taskId);
    await this.#write(folder, () =>
      this.#moving(() => (alias === ACTIVE_ALIAS ? writeRollout(folder, plan) : setAliasRollout(folder, alias, plan))),
    );
  }

  /** Another text than before when an alias or a rollout of a program may have changed since; one that somebody moved by hand does not show. */
  async changeMark(): Promise<string> {
    return readChangeMark(this.#root);
  }

  async #moving<Result>(move: () => Promise<Result>): Promise<Result> {
    const result = await move();
    await writeChangeMark(this.#root, this.#clock.now());
    return result;
  }

  async #write<Result>(folder: string, run: () => Promise<Result>): Promise<Result> {
    try {
      return await withFolderLock(folder, this.#clock, async () => {
        await restoreReplaced(folder);
        return run();
      });
    } catch (error) {
      if (error instanceof PlatformError) throw error;
      throw new PlatformError('STORE_FAILED', `Cannot write to "${folder}": ${messageOf(error)}`, { cause: error });
    }
  }

  #folder(taskId: string): string {
    if (!programNameSchema.safeParse(taskId).success) {
      throw new PlatformError('VALIDATION_ERROR', `Cannot use ${JSON.stringify(taskId.slice(0, 100))} as the name of a program`);
    }
    return join(this.#root, taskId);
  }

  async #versions(folder: string): Promise<number[]> {
    const names = await namesIn(folder);
    const versions = names.flatMap((name) => (/^v[1-9]\d{0,8}$/u.test(name) ? Number(name.slice(1)) : []));
    return versions.sort((one, other) => one - other);
  }
}

function checkVersion(version: number): number {
  if (Number.isInteger(version) && version >= 1 && version < 1e9) return version;
  throw new PlatformError(
    'VALIDATION_ERROR',
    `Cannot use ${JSON.stringify(version)} as a version: it must be a whole number from 1`,
  );
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
