import type { ProgramStore } from '@loopwright/edge';
import { PlatformError, programNameSchema } from '@loopwright/protocol';

/** A version of a program. */
export interface ProgramVersion {
  readonly name: string;
  readonly version: number;
  /** The id that its executions have as `program_id`. */
  readonly id: string;
}

/** Ids that are remembered; the store is looked through again for others. */
const REMEMBERED = 10_000;

/** Finds versions by what the source calls the id of a program: the id of a version, `name@version`, or a name for its active version. */
export class ProgramReferences {
  readonly #store: ProgramStore;
  /** A version never changes, so that what was found stays right. */
  readonly #known = new Map<string, ProgramVersion>();

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
    return this.#known.get(reference) ?? this.#search(reference);
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

  async #search(id: string): Promise<ProgramVersion | undefined> {
    const found: ProgramVersion[] = [];
    for (const name of await this.#store.programs())
      for (const metadata of await this.#store.list(name))
        if (metadata.id === id) found.push({ name, version: metadata.version, id });
    const [only, ...others] = found;
    if (only === undefined || others.length > 0) return undefined;
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    this.#known.set(id, only);
    return only;
  }
}

/** What is said of a version that is not there, or that the caller does not see. */
export function noSuchReference(reference: string): PlatformError {
  return new PlatformError(
    'PROGRAM_NOT_FOUND',
    `Cannot find the program "${reference.slice(0, 100)}": name the id of a version, "name@version", or a program that has an active version`,
  );
}
