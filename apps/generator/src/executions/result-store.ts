import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PlatformError, type Random, artifactResultSchema, messageOf } from '@loopwright/protocol';
import { z } from 'zod';

/** A result and the plan it is for. */
const storedResultSchema = z.object({ execution_id: z.string(), plan_digest: z.string(), result: artifactResultSchema });
export type StoredResult = z.infer<typeof storedResultSchema>;

/**
 * Results on disk, one file each, named after the SHA-256 of the execution's identifier, so that no identifier can
 * name another path. Files are written beside and then renamed: a reader sees a whole result or none.
 */
export class ResultStore {
  readonly #folder: string;
  readonly #limit: number;
  readonly #random: Random;
  /** Names of the files, the oldest first. */
  readonly #names: Set<string>;

  private constructor(folder: string, limit: number, random: Random, names: readonly string[]) {
    this.#folder = folder;
    this.#limit = limit;
    this.#random = random;
    this.#names = new Set(names);
  }

  /** Opens the store; `limit` results are kept, the oldest go first. */
  static async open(dataDir: string, limit: number, random: Random): Promise<ResultStore> {
    const folder = join(dataDir, 'executions');
    await mkdir(folder, { recursive: true });
    const all = await readdir(folder);
    for (const name of all) if (name.endsWith('.tmp')) await rm(join(folder, name), { force: true });
    const files = await Promise.all(
      all
        .filter((name) => name.endsWith('.json'))
        .map(async (name) => ({ name, time: (await stat(join(folder, name))).mtimeMs })),
    );
    files.sort((a, b) => a.time - b.time);
    const store = new ResultStore(
      folder,
      limit,
      random,
      files.map(({ name }) => name),
    );
    await store.#dropOldest();
    return store;
  }

  /** The result of an execution, if there is one that can be read. */
  async read(executionId: string): Promise<StoredResult | undefined> {
    const name = nameOf(executionId);
    if (!this.#names.has(name)) return undefined;
    let text: string;
    try {
      text = await readFile(join(this.#folder, name), 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw new PlatformError('STORE_FAILED', `Cannot read the result: ${messageOf(error)}`, { cause: error });
    }
    return parseStored(text);
  }

  /** Writes a result. */
  async write(stored: StoredResult): Promise<void> {
    const name = nameOf(stored.execution_id);
    const path = join(this.#folder, name);
    const beside = `${path}.${this.#random.uuid()}.tmp`;
    try {
      await writeFile(beside, JSON.stringify(stored), { flush: true });
      await rename(beside, path);
      this.#names.delete(name);
      this.#names.add(name);
      await this.#dropOldest();
    } catch (error) {
      await rm(beside, { force: true }).catch(() => undefined);
      throw new PlatformError('STORE_FAILED', `Cannot write the result: ${messageOf(error)}`, { cause: error });
    }
  }

  async #dropOldest(): Promise<void> {
    for (const name of this.#names) {
      if (this.#names.size <= this.#limit) return;
      this.#names.delete(name);
      await rm(join(this.#folder, name), { force: true });
    }
  }
}

function nameOf(executionId: string): string {
  return `${createHash('sha256').update(executionId).digest('hex')}.json`;
}

function parseStored(text: string): StoredResult | undefined {
  try {
    return storedResultSchema.parse(JSON.parse(text));
  } catch {
    // A file that somebody damaged is as good as none: the execution is done again.
    return undefined;
  }
}
