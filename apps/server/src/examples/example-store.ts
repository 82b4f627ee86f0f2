import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson, type LabelledExample, PlatformError, type Random, systemRandom } from '@loopwright/protocol';
import type { ByteSource } from './byte-stream.ts';
import { type ExampleLimits, SUMMARIES_KEPT } from './limits.ts';
import { type ExampleProfile, ProfileBuilder } from './profile-examples.ts';
import { type ExampleFormat, readExamples } from './read-examples.ts';

/** A stored set of examples: its identity and what it is like. */
export interface ExampleSummary extends ExampleProfile {
  /** SHA-256 of the canonical JSON Lines, hexadecimal. */
  readonly digest: string;
  /** Size of the canonical JSON Lines. */
  readonly bytes: number;
}

/** A set of examples that was read as a whole and is not kept yet. */
export interface StagedExamples extends AsyncDisposable {
  readonly summary: ExampleSummary;
  /** Keeps it; it is on the disk when this resolves. What is not kept goes when it is disposed. Throws STORE_FAILED. */
  readonly keep: () => Promise<void>;
}

/** Where a store keeps its files, and its own limits. */
export interface ExampleStoreOptions {
  readonly dir: string;
  readonly limits?: Partial<ExampleLimits>;
  readonly random?: Random;
}

const WRITE_BLOCK_BYTES = 256 * 1024;

/**
 * Sets of examples by the digest of their canonical JSON Lines: `<dir>/<digest>.jsonl`. A set is there whole or not at all, and it
 * never changes. One store a folder; opening removes what a crash left behind.
 */
export class ExampleStore {
  readonly #dir: string;
  readonly #limits: Partial<ExampleLimits>;
  readonly #random: Random;
  readonly #summaries = new Map<string, ExampleSummary>();

  private constructor(options: ExampleStoreOptions) {
    this.#dir = options.dir;
    this.#limits = options.limits ?? {};
    this.#random = options.random ?? systemRandom;
  }

  /** Opens the folder, making it when it is missing. */
  static async open(options: ExampleStoreOptions): Promise<ExampleStore> {
    await mkdir(options.dir, { recursive: true });
    for (const name of await readdir(options.dir)) if (name.endsWith('.tmp')) await rm(join(options.dir, name), { force: true });
    return new ExampleStore(options);
  }

  /**
   * Stores a stream of examples and gives its summary once it is on the disk. The same examples again give the same summary.
   *
   * @throws what {@link readExamples} throws; nothing is stored then. `STORE_FAILED` when the disk refuses.
   */
  async put(source: ByteSource, format: ExampleFormat): Promise<ExampleSummary> {
    await using staged = await this.stage(source, format);
    await staged.keep();
    return staged.summary;
  }

  /** Reads a stream of examples as {@link ExampleStore.put} does, and leaves it to the caller whether they are kept. Throws as that does. */
  async stage(source: ByteSource, format: ExampleFormat): Promise<StagedExamples> {
    const temporary = join(this.#dir, `${this.#random.uuid()}.tmp`);
    const remove = (): Promise<void> => rm(temporary, { force: true });
    try {
      const summary = await this.#write(temporary, readExamples(source, { format, limits: this.#limits }));
      const keep = async (): Promise<void> => {
        await onDisk('store', () => rename(temporary, this.#fileOf(summary.digest)));
        await onDisk('store', () => syncFolder(this.#dir));
        this.#remember(summary);
      };
      return { summary, keep, [Symbol.asyncDispose]: remove };
    } catch (error) {
      await remove();
      throw error;
    }
  }

  /** The examples of a set. @throws `EXAMPLES_NOT_FOUND`; `STORE_FAILED` when the file is not what its name says. */
  async read(digest: string): Promise<LabelledExample[]> {
    const examples: LabelledExample[] = [];
    await this.#scan(digest, (example) => examples.push(example));
    return examples;
  }

  /** The summary of a set. Throws as {@link ExampleStore.read} does. */
  async describe(digest: string): Promise<ExampleSummary> {
    const known = this.#summaries.get(digest);
    if (known !== undefined) {
      await this.#sizeOf(digest);
      return known;
    }
    const builder = new ProfileBuilder();
    const bytes = await this.#scan(digest, (example) => builder.add(example));
    const summary = { digest, bytes, ...builder.profile() };
    this.#remember(summary);
    return summary;
  }

  async #write(file: string, examples: AsyncIterable<LabelledExample>): Promise<ExampleSummary> {
    const writer = new DigestingWriter(await onDisk('store', () => open(file, 'wx')));
    const builder = new ProfileBuilder();
    try {
      for await (const example of examples) {
        builder.add(example);
        await writer.write(`${canonicalJson({ input: example.input, output: example.output })}\n`);
      }
      const { digest, bytes } = await writer.finish();
      return { digest, bytes, ...builder.profile() };
    } finally {
      await writer.close();
    }
  }

  async #scan(digest: string, take: (example: LabelledExample) => void): Promise<number> {
    const bytes = await this.#sizeOf(digest);
    const hash = createHash('sha256');
    const file = createReadStream(this.#fileOf(digest));
    try {
      // Canonical lines can be longer than what was read: `\u` escapes, CSV column names in each record.
      const limits = { bytes: Number.MAX_SAFE_INTEGER, lineBytes: Number.MAX_SAFE_INTEGER, examples: Number.MAX_SAFE_INTEGER };
      for await (const example of readExamples(hashed(file, hash), { format: 'jsonl', limits })) take(example);
    } catch (cause) {
      throw damaged(digest, cause);
    } finally {
      file.destroy();
    }
    if (hash.digest('hex') !== digest) throw damaged(digest);
    return bytes;
  }

  async #sizeOf(digest: string): Promise<number> {
    const found = /^[0-9a-f]{64}$/.test(digest) ? await stat(this.#fileOf(digest)).catch(() => undefined) : undefined;
    if (found !== undefined) return found.size;
    throw new PlatformError(
      'EXAMPLES_NOT_FOUND',
      `Cannot read the examples "${digest.slice(0, 64)}": there are none with this digest`,
    );
  }

  #remember(summary: ExampleSummary): void {
    this.#summaries.set(summary.digest, summary);
    const [oldest] = this.#summaries.keys();
    if (this.#summaries.size > SUMMARIES_KEPT && oldest !== undefined) this.#summaries.delete(oldest);
  }

  #fileOf(digest: string): string {
    return join(this.#dir, `${digest}.jsonl`);
  }
}

/** Writes text in blocks and knows its digest. */
class DigestingWriter {
  readonly #file: FileHandle;
  readonly #hash: Hash = createHash('sha256');
  #lines: string[] = [];
  #pending = 0;
  #bytes = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async write(line: string): Promise<void> {
    this.#lines.push(line);
    this.#pending += line.length;
    if (this.#pending >= WRITE_BLOCK_BYTES) await this.#flush();
  }

  async finish(): Promise<{ digest: string; bytes: number }> {
    await this.#flush();
    await onDisk('store', () => this.#file.sync());
    return { digest: this.#hash.digest('hex'), bytes: this.#bytes };
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #flush(): Promise<void> {
    const block = Buffer.from(this.#lines.join(''));
    this.#lines = [];
    this.#pending = 0;
    this.#bytes += block.length;
    this.#hash.update(block);
    await onDisk('store', () => this.#file.writeFile(block));
  }
}

async function* hashed(chunks: AsyncIterable<Buffer>, hash: Hash): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function onDisk<T>(action: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    throw new PlatformError('STORE_FAILED', `Cannot ${action} the examples: the disk refused`, { cause });
  }
}

function damaged(digest: string, cause?: unknown): PlatformError {
  return new PlatformError('STORE_FAILED', `Cannot read the examples "${digest}": the file is damaged`, { cause });
}
