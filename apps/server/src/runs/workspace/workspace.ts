import { createHash } from 'node:crypto';
import { constants, type Dirent } from 'node:fs';
import { type FileHandle, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ArtifactProcessor } from '@loopwright/generation';
import { PlatformError, type Random, messageOf } from '@loopwright/protocol';
import { artifactIdOf } from './artifact-id.ts';
import { artifactTypeOf } from './artifact-type.ts';

/** A file that a phase produced. */
export interface Artifact {
  readonly artifactId: string;
  readonly phase: string;
  /** Below the folder of its phase, with "/" between the names. */
  readonly path: string;
  readonly type: string;
  readonly bytes: number;
  /** SHA-256 of the content, hexadecimal. */
  readonly digest: string;
  /** When this content was written, in milliseconds since 1970 UTC. */
  readonly createdAt: number;
}

/** A file that is held open; the caller closes it. What it gives is this content, also when the file is replaced meanwhile. */
export interface OpenArtifact extends AsyncDisposable {
  readonly artifact: Artifact;
  readonly handle: FileHandle;
}

/** How much of a workspace is listed. A workspace that has more is no LIMIT_EXCEEDED: the list says so. */
const LIST_LIMITS = { files: 10_000, depth: 32 };

/** Digests of files by their paths, each with what the file looked like when it was read. */
export type KnownDigests = Map<string, { readonly version: string; readonly digest: string }>;

/** How many digests are remembered, so that a list reads no file twice. */
const DIGESTS_LIMIT = 50_000;

/** The folder of one run: `artifacts/{phase}/…`, and `state.json`, which is written for people and never read. */
export class Workspace {
  /** Absolute path of the folder; it may not be there yet. */
  readonly dir: string;
  readonly #random: Random;
  readonly #digests: KnownDigests;

  constructor({ dir, random, digests = new Map() }: { dir: string; random: Random; digests?: KnownDigests }) {
    this.dir = dir;
    this.#random = random;
    this.#digests = digests;
  }

  /**
   * Writes one file of a phase, whole or not at all, in place of the one before; nothing leaves the folder of the phase, and no link is followed. Throws
   * GENERATION_FAILED with the reason for a path that is refused.
   */
  async write(phase: string, path: string, content: string): Promise<Artifact> {
    if (phase.includes('/') || path.startsWith('/'))
      throw new PlatformError(
        'GENERATION_FAILED',
        `Cannot write the artifact "${path}" of "${phase}": the path is absolute, or the phase is none`,
      );
    const processor = new ArtifactProcessor({ basePath: join(this.dir, 'artifacts'), random: this.#random });
    await processor.writeArtifact({
      file_path: `${phase}/${path}`,
      content,
      artifact_type: 'source_code',
      language: null,
      description: null,
    });
    const names = path.split('/').filter((name) => name !== '' && name !== '.');
    await using written = await this.open(phase, names.join('/'));
    if (written === undefined) throw new PlatformError('STORE_FAILED', `Cannot find "${path}", which was just written`);
    return written.artifact;
  }

  /**
   * The artifacts of all phases or of one, by phase and path. Files and folders whose names begin with "_", links and everything that is no file are left out. At most 10,000; `isComplete` says whether there are more.
   */
  async list(phase?: string): Promise<{ readonly artifacts: readonly Artifact[]; readonly isComplete: boolean }> {
    const artifacts: Artifact[] = [];
    for await (const found of this.#files(phase)) {
      if (artifacts.length >= LIST_LIMITS.files) return { artifacts, isComplete: false };
      await using file = await this.open(found.phase, found.path);
      if (file !== undefined) artifacts.push(file.artifact);
    }
    return { artifacts, isComplete: true };
  }

  /** How many artifacts each phase has, those without any left out; no file is read. */
  async count(): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for await (const { phase } of this.#files()) counts.set(phase, (counts.get(phase) ?? 0) + 1);
    return counts;
  }

  /** Opens a file for reading; `undefined` when there is none, when it is internal, or when a link is on its way. */
  async open(phase: string, path: string): Promise<OpenArtifact | undefined> {
    const names = [phase, ...path.split('/')];
    if (names.some((name) => name === '' || isInternal(name) || /[\\\0]/.test(name))) return undefined;
    const root = await this.#root();
    if (root === undefined) return undefined;
    const file = join(root, ...names);
    if ((await realpath(file).catch(() => undefined)) !== file) return undefined;
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(() => undefined);
    if (handle === undefined) return undefined;
    try {
      const artifact = await this.#describe(handle, { phase, path, file });
      if (artifact !== undefined) return { artifact, handle, [Symbol.asyncDispose]: () => handle.close() };
    } catch (error) {
      await handle.close();
      throw new PlatformError('STORE_FAILED', `Cannot read the artifact "${path}": ${messageOf(error)}`, { cause: error });
    }
    await handle.close();
    return undefined;
  }

  /** Writes `state.json` in one go. It is an export: whoever edits it changes nothing. */
  async writeState(text: string): Promise<void> {
    const processor = new ArtifactProcessor({ basePath: this.dir, random: this.#random });
    await processor.writeArtifact({
      file_path: 'state.json',
      content: text,
      artifact_type: 'data',
      language: null,
      description: null,
    });
  }

  /** Whether the folder is there. */
  async exists(): Promise<boolean> {
    return (await stat(this.dir).catch(() => undefined)) !== undefined;
  }

  /** Removes everything. The folder is put aside first, so that a process that dies leaves no half of it under its name. */
  async remove(): Promise<void> {
    const aside = `${this.dir}.removed-${this.#random.uuid()}`;
    try {
      await rename(this.dir, aside);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
      throw error;
    }
    await rm(aside, { recursive: true, force: true });
  }

  /** The folder of artifacts; nothing when there is none. What holds the workspaces may be a link, but nothing in them, which others may have put there. */
  async #root(): Promise<string | undefined> {
    const above = await realpath(dirname(this.dir)).catch(() => undefined);
    if (above === undefined) return undefined;
    const root = join(above, basename(this.dir), 'artifacts');
    return (await realpath(root).catch(() => undefined)) === root ? root : undefined;
  }

  async *#files(phase?: string): AsyncGenerator<{ readonly phase: string; readonly path: string }> {
    const root = await this.#root();
    if (root === undefined) return;
    for (const entry of (await entriesOf(root)).toSorted(byName)) {
      if (!entry.isDirectory() || isInternal(entry.name) || (phase !== undefined && phase !== entry.name)) continue;
      for await (const path of this.#pathsIn(root, [entry.name])) yield { phase: entry.name, path };
    }
  }

  async *#pathsIn(root: string, names: readonly string[]): AsyncGenerator<string> {
    if (names.length > LIST_LIMITS.depth) return;
    for (const entry of (await entriesOf(join(root, ...names))).toSorted(byName)) {
      if (isInternal(entry.name)) continue;
      if (entry.isDirectory()) yield* this.#pathsIn(root, [...names, entry.name]);
      else if (entry.isFile()) yield [...names.slice(1), entry.name].join('/');
    }
  }

  async #describe(
    handle: FileHandle,
    { phase, path, file }: { phase: string; path: string; file: string },
  ): Promise<Artifact | undefined> {
    const found = await handle.stat();
    if (!found.isFile()) return undefined;
    const version = [found.ino, found.size, found.mtimeMs, found.ctimeMs].join(' ');
    const known = this.#digests.get(file);
    const digest = known?.version === version ? known.digest : await digestOf(handle);
    this.#digests.delete(file);
    this.#digests.set(file, { version, digest });
    for (const oldest of this.#digests.keys()) {
      if (this.#digests.size <= DIGESTS_LIMIT) break;
      this.#digests.delete(oldest);
    }
    const createdAt = Math.round(found.mtimeMs);
    return {
      artifactId: artifactIdOf(phase, path),
      phase,
      path,
      type: artifactTypeOf(path),
      bytes: found.size,
      digest,
      createdAt,
    };
  }
}

async function digestOf(handle: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(256 * 1024);
  for (let position = 0; ;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch(() => []);
}

function byName(one: { name: string }, other: { name: string }): number {
  return one.name < other.name ? -1 : 1;
}

/** The source leaves out names that begin with "_"; the other one is a file that is being written. */
function isInternal(name: string): boolean {
  return name.startsWith('_') || name === '.' || name === '..' || /^\.loopwright-.*\.tmp$/.test(name);
}
