import type { ProgramStore } from '@loopwright/edge';
import { PlatformError, programNameSchema } from '@loopwright/protocol';

/** A version of a program. */
export interface ProgramVersion {
  readonly name: string;
  readonly version: number;
  /** The id that its executions have as `program_id`. */
  readonly id: string;
}

/** Finds versions by what the source calls the id of a program: the id of a version, `name@version`, or a name for its active version. */
export class ProgramReferences {
  readonly #store: ProgramStore;
  /** A version never changes, so that what was found stays right; `null`: several have the id. */
  #known: ReadonlyMap<string, ProgramVersion | null> = new Map();
  #look: Promise<void> | undefined;

  constructor(store: ProgramStore) {
    this.#store = store;
  }

  /** `undefined`: there is no such version, or several programs have one of this id. */
  async find(reference: string): Promise<ProgramVersion | undefined> {
    const [, name = reference, number] = /^([^@]+)@([1-9]\d{0,8})$/u.exec(reference) ?? [];
    if (programNameSchema.safeParse(name).success) {
      const named = await this.#named(name, number === undefined ? undefined : Number(number));
      if (named !== undefined) return named;
    }
    // However many ask for what is not there, the store is looked through by one of them at a time.
    if (!this.#known.has(reference)) await (this.#look ??= this.#lookThrough().finally(() => (this.#look = undefined)));
    return this.#known.get(reference) ?? undefined;
  }

  /** Throws PROGRAM_NOT_FOUND. */
  async get(reference: string): Promise<ProgramVersion> {
    const found = await this.find(reference);
    if (found !== undefined) return found;
    throw noSuchReference(reference);
  }

  async #named(name: string, wanted: number | undefined): Promise<ProgramVersion | undefined> {
    const version = wanted ?? (await this.#store.getActive(name));
    if (version === null || !(await this.#store.exists(name, version))) return undefined;
    return { name, version, id: (await this.#store.loadMetadata(name, version)).id };
  }

  async #lookThrough(): Promise<void> {
    const known = new Map<string, ProgramVersion | null>();
    for (const name of await this.#store.programs())
      for (const { id, version } of await this.#store.list(name)) known.set(id, known.has(id) ? null : { name, version, id });
    this.#known = known;
  }
}

/** What is said of a version that is not there, or that the caller does not see. */
export function noSuchReference(reference: string): PlatformError {
  return new PlatformError(
    'PROGRAM_NOT_FOUND',
    `Cannot find the program "${reference.slice(0, 100)}": name the id of a version, "name@version", or a program that has an active version`,
  );
}
