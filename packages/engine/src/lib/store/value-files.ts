import { createHash } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type Json, PlatformError, messageOf } from '@loopwright/protocol';

/** Begins the text that a column holds in place of a large value; no JSON text begins like this. */
const REFERENCE = '@sha256:';

/** How large values are kept. */
export interface ValueFilesOptions {
  readonly dir: string;
  /** The longest JSON text that stays in a column, in characters. */
  readonly inlineCharacters: number;
  /** Whether a file is on the disk, and not only in the cache of the operating system, before its name is. */
  readonly flush: boolean;
}

/** The digest in the text of a column, or `undefined` when the value stands in the column itself. */
export function digestIn(text: string): string | undefined {
  return text.startsWith(REFERENCE) ? text.slice(REFERENCE.length) : undefined;
}

/**
 * Large values as files that are named by the SHA-256 of their JSON text: `ab/abcd…`. This is the one place where the text of a column is
 * made from a value and read back.
 *
 * V1 A file is complete under its name before the transaction that refers to it commits. V2 What is read has the digest of its name. V3 A file is
 * deleted only when no transaction is open and no committed row refers to it: the store does that after a commit.
 */
export class ValueFiles {
  readonly #options: ValueFilesOptions;
  readonly #written: string[] = [];
  #count = 0;

  constructor(options: ValueFilesOptions) {
    this.#options = options;
  }

  /** The text for a column. Throws STORE_FAILED when a large value cannot be written. */
  encode(value: Json): string {
    const text = JSON.stringify(value);
    if (this.fits(text)) return text;
    const bytes = Buffer.from(text);
    const digest = createHash('sha256').update(bytes).digest('hex');
    this.#put(digest, bytes);
    this.#written.push(digest);
    return REFERENCE + digest;
  }

  /** The value that a column's text stands for. Throws STORE_FAILED when its file is missing or is not what was written. */
  decode(text: string): Json {
    const digest = digestIn(text);
    return JSON.parse(digest === undefined ? text : this.#get(digest)) as Json;
  }

  /** Whether a text, and so whatever value is a part of it, is short enough to stay in the tables. */
  fits(text: string): boolean {
    return text.length <= this.#options.inlineCharacters;
  }

  /** The text that stands for a large value, whose file is written; `undefined` for a value that stays in the tables. */
  reference(value: Json): string | undefined {
    const text = this.encode(value);
    return digestIn(text) === undefined ? undefined : text;
  }

  get hasWritten(): boolean {
    return this.#written.length > 0;
  }

  /** Digests of the values that were encoded into files since the last call. */
  takeWritten(): string[] {
    return this.#written.splice(0);
  }

  delete(digest: string): void {
    rmSync(this.#pathOf(digest), { force: true });
  }

  /** Deletes, in one of the 256 folders, what nobody holds and what was left half written. Call it where V3 allows. */
  sweep(folder: number, isHeld: (digest: string) => boolean): void {
    const dir = join(this.#options.dir, folder.toString(16).padStart(2, '0'));
    for (const name of namesIn(dir)) {
      if (!/^[0-9a-f]{64}$/.test(name) || !isHeld(name)) rmSync(join(dir, name), { force: true });
    }
  }

  #put(digest: string, bytes: Buffer): void {
    const path = this.#pathOf(digest);
    try {
      if (statSync(path, { throwIfNoEntry: false })?.size === bytes.length) return;
      const dir = dirname(path);
      const isNew = mkdirSync(dir, { recursive: true, mode: 0o700 }) !== undefined;
      this.#count += 1;
      const temporary = `${path}.${process.pid}-${this.#count}`;
      try {
        this.#write(temporary, bytes);
        renameSync(temporary, path);
      } catch (error) {
        rmSync(temporary, { force: true });
        throw error;
      }
      if (!this.#options.flush) return;
      flushFolder(dir);
      if (isNew) for (const parent of [dirname(dir), dirname(dirname(dir))]) flushFolder(parent);
    } catch (error) {
      throw new PlatformError('STORE_FAILED', `Cannot write a large value to "${path}": ${messageOf(error)}`, { cause: error });
    }
  }

  #write(path: string, bytes: Buffer): void {
    const file = openSync(path, 'wx', 0o600);
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
      if (this.#options.flush) fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }

  #get(digest: string): string {
    const path = this.#pathOf(digest);
    let bytes: Buffer;
    try {
      bytes = readFileSync(path);
    } catch (error) {
      throw new PlatformError('STORE_FAILED', `Cannot read a large value from "${path}": ${messageOf(error)}`, { cause: error });
    }
    if (createHash('sha256').update(bytes).digest('hex') === digest) return bytes.toString();
    throw new PlatformError('STORE_FAILED', `Cannot read a large value from "${path}": its content is not what was written`);
  }

  #pathOf(digest: string): string {
    return join(this.#options.dir, digest.slice(0, 2), digest);
  }
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

/** A name is on the disk once its folder is. */
function flushFolder(dir: string): void {
  const folder = openSync(dir, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
