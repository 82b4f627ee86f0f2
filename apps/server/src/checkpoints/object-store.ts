import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PlatformError, type Random } from '@loopwright/protocol';

const PIECE = 256 * 1024;

/** What was kept of a file. */
export interface KeptObject {
  /** SHA-256 of the content, hexadecimal. */
  readonly digest: string;
  readonly bytes: number;
}

/** Contents by their digests, each kept once: the store of the checkpoints of one run. */
export class ObjectStore {
  readonly #dir: string;
  readonly #random: Random;

  constructor({ dir, random }: { dir: string; random: Random }) {
    this.#dir = dir;
    this.#random = random;
  }

  /** Keeps the content of a file that is open, on disk when this resolves; at most `limit` bytes, or nothing is kept: `undefined`. */
  async keepFile(handle: FileHandle, limit: number): Promise<KeptObject | undefined> {
    const temporary = await this.#temporary();
    const target = await open(temporary, 'wx', 0o600);
    const hash = createHash('sha256');
    let bytes = 0;
    try {
      const buffer = Buffer.allocUnsafe(PIECE);
      for (;;) {
        const { bytesRead } = await handle.read(buffer, 0, PIECE, bytes);
        if (bytesRead === 0) break;
        bytes += bytesRead;
        if (bytes > limit) return undefined;
        hash.update(buffer.subarray(0, bytesRead));
        await target.writeFile(buffer.subarray(0, bytesRead));
      }
      await target.datasync();
      const digest = hash.digest('hex');
      await this.#place(temporary, digest);
      return { digest, bytes };
    } finally {
      await target.close();
      await rm(temporary, { force: true });
    }
  }

  /** Keeps a text. */
  async keepText(text: string): Promise<KeptObject> {
    const temporary = await this.#temporary();
    const content = Buffer.from(text);
    try {
      await using target = await open(temporary, 'wx', 0o600);
      await target.writeFile(content);
      await target.datasync();
      const digest = createHash('sha256').update(content).digest('hex');
      await this.#place(temporary, digest);
      return { digest, bytes: content.length };
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** Reads a content of at most `limit` bytes. Throws STORE_FAILED when it is not there, larger, or not what its digest says. */
  async read(digest: string, limit: number): Promise<Buffer> {
    try {
      await using file = await open(this.#pathOf(digest), constants.O_RDONLY | constants.O_NOFOLLOW);
      if ((await file.stat()).size > limit) throw new Error(`it has more than ${limit} bytes`);
      const content = await file.readFile();
      if (createHash('sha256').update(content).digest('hex') !== digest) throw new Error('it is not what its digest says');
      return content;
    } catch (error) {
      throw failure(digest, error);
    }
  }

  /** Writes a content to a new file, and checks it on the way. Throws STORE_FAILED as {@link read} does. */
  async writeTo(digest: string, path: string): Promise<void> {
    try {
      await mkdir(dirname(path), { recursive: true });
      await using source = await open(this.#pathOf(digest), constants.O_RDONLY | constants.O_NOFOLLOW);
      await using target = await open(path, 'wx', 0o644);
      const hash = createHash('sha256');
      const buffer = Buffer.allocUnsafe(PIECE);
      for (let position = 0; ;) {
        const { bytesRead } = await source.read(buffer, 0, PIECE, position);
        if (bytesRead === 0) break;
        position += bytesRead;
        hash.update(buffer.subarray(0, bytesRead));
        await target.writeFile(buffer.subarray(0, bytesRead));
      }
      if (hash.digest('hex') !== digest) throw new Error('it is not what its digest says');
      await target.datasync();
    } catch (error) {
      throw failure(digest, error);
    }
  }

  /** Whether a content is there. */
  async has(digest: string): Promise<boolean> {
    return (await stat(this.#pathOf(digest)).catch(() => undefined))?.isFile() === true;
  }

  async #place(temporary: string, digest: string): Promise<void> {
    if (await this.has(digest)) return;
    const path = this.#pathOf(digest);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await rename(temporary, path);
  }

  async #temporary(): Promise<string> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    return join(this.#dir, `${this.#random.uuid()}.tmp`);
  }

  #pathOf(digest: string): string {
    return join(this.#dir, digest.slice(0, 2), digest);
  }
}

function failure(digest: string, cause: unknown): PlatformError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new PlatformError('STORE_FAILED', `Cannot read the content ${digest.slice(0, 12)} of a checkpoint: ${reason}`, {
    cause,
  });
}
