import { PlatformError } from '@loopwright/protocol';
import type { Workspace } from '../runs/workspace/workspace.ts';

/** An artifact with its text; `path` begins with its phase. */
export interface MaterialFile {
  readonly path: string;
  readonly digest: string;
  readonly content: string;
}

/** Most files, and the largest one in bytes, that an agent gets. */
const LIMITS = { files: 300, bytes: 1024 * 1024 } as const;

/**
 * The text artifacts that an agent gets, in the order in which they are asked for: `planning/PRD.md` is a file, `development` all of a phase, `development/src` all of a folder. What is
 * larger than a mebibyte or is no text is left out. Throws AGENT_FAILED when nothing is at a path: an agent must not work without what its task is about.
 */
export async function readMaterial(workspace: Workspace, inputs: readonly string[]): Promise<MaterialFile[]> {
  const found = new Map<string, MaterialFile>();
  for (const input of inputs) {
    const [phase = '', ...names] = input.split('/');
    const below = names.join('/');
    const { artifacts } = await workspace.list(phase);
    const matching = artifacts.filter(({ path }) => below === '' || path === below || path.startsWith(`${below}/`));
    if (matching.length === 0)
      throw new PlatformError('AGENT_FAILED', `Cannot give the agent "${input}": the workspace has no such artifact`);
    for (const { path, bytes } of matching) {
      if (found.size >= LIMITS.files || bytes > LIMITS.bytes) continue;
      await using file = await workspace.open(phase, path);
      const content = file === undefined ? undefined : decoded(await file.handle.readFile());
      if (file !== undefined && content !== undefined)
        found.set(`${phase}/${path}`, { path: `${phase}/${path}`, digest: file.artifact.digest, content });
    }
  }
  return [...found.values()];
}

function decoded(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
