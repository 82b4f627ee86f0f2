import { createHash } from 'node:crypto';
import { lstat, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ArtifactProcessor } from '@loopwright/generation';
import { type CodeArtifact, PlatformError, type Random, isoTime } from '@loopwright/protocol';

/** A file of a workspace: its path below `artifacts/`, beginning with its phase. */
export interface WorkspaceFile {
  readonly path: string;
  /** SHA-256, hexadecimal. */
  readonly digest: string;
  readonly bytes: number;
}
/** One with what is in it. */
export interface ReadFile extends WorkspaceFile {
  readonly content: string;
}

/** What is read of a workspace at most. */
const READ_LIMITS = { files: 300, bytes: 1024 * 1024, depth: 16 } as const;

/**
 * The artifacts of one execution, `<dir>/<phase>/…`: written all or none of a call, below the folder, by the processor that nothing leaves. Reading follows no link.
 */
export class PhaseFolder {
  readonly #dir: string;
  readonly #random: Random;

  constructor(dir: string, random: Random) {
    this.#dir = dir;
    this.#random = random;
  }

  /** Writes files of a phase. @throws STORE_FAILED with the reason when one of them cannot be written; none is then. */
  async write(phase: string, files: readonly CodeArtifact[]): Promise<WorkspaceFile[]> {
    const processor = new ArtifactProcessor({ basePath: join(this.#dir, phase), overwrite: true, allOrNothing: true, random: this.#random });
    const at = isoTime(0);
    const { refused } = await processor.processResult({
      execution_id: phase,
      status: 'SUCCESS',
      artifacts: [...files],
      test_results: null,
      iterations_used: 1,
      error_message: null,
      warnings: [],
      llm_usage: [],
      started_at: at,
      completed_at: at,
      duration_seconds: 0,
      from_cache: false,
      cache_key: null,
      metadata: {},
    });
    if (refused.length > 0) {
      const reasons = refused.slice(0, 5).map(({ file_path, reason }) => `"${file_path}": ${reason}`);
      throw new PlatformError('STORE_FAILED', `Cannot write the artifacts of the phase ${phase}: ${reasons.join('; ')}`);
    }
    return files.map(({ file_path, content }) => ({ path: `${phase}/${file_path}`, ...described(content) }));
  }

  /**
   * The text files at a path: the file itself, or all below a folder in the order of their names, at most 300. Empty when there is nothing. A file that is larger
   * than a mebibyte or no text is left out.
   */
  async read(path: string): Promise<ReadFile[]> {
    const found: ReadFile[] = [];
    await this.#collect(path.split('/').filter(Boolean), found);
    return found;
  }

  async #collect(names: readonly string[], found: ReadFile[]): Promise<void> {
    if (found.length >= READ_LIMITS.files || names.length > READ_LIMITS.depth || names.includes('..')) return;
    const path = join(this.#dir, ...names);
    const stats = await lstat(path).catch(() => undefined);
    if (stats?.isDirectory()) {
      for (const name of (await readdir(path)).sort()) await this.#collect([...names, name], found);
    } else if (stats?.isFile() && stats.size <= READ_LIMITS.bytes) {
      const content = await readText(path);
      if (content !== undefined) found.push({ path: names.join('/'), content, ...described(content) });
    }
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(path));
  } catch {
    return undefined;
  }
}

function described(content: string): Pick<WorkspaceFile, 'digest' | 'bytes'> {
  return { digest: createHash('sha256').update(content).digest('hex'), bytes: Buffer.byteLength(content) };
}
