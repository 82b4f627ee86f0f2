import type { ProgramStore } from '@loopwright/edge';
import type { ResourceProjects } from '../../authorization/resource-projects.ts';
import type { ReadableExamples } from '../../examples/examples-of-project.ts';
import type { EdgeClient } from '../../programs/edge-client.ts';
import type { Workspace } from '../../runs/workspace/workspace.ts';
import type { Workspaces } from '../../runs/workspace/workspaces.ts';
import type { DraftDocument } from './documents/document.ts';
import type { WrittenFile } from './facts.ts';

/** What `induction` works with. */
export interface InductionParts {
  readonly examples: ReadableExamples;
  readonly programs: ProgramStore;
  readonly edge: EdgeClient;
  readonly workspaces: Workspaces;
  readonly resources: ResourceProjects;
}

/** What a piece of work may use; its examples are those of its project. */
export interface WorkTools extends InductionParts {
  readonly workspace: Workspace;
  readonly signal: AbortSignal;
}

/** Writes the documents of a phase and gives their paths and digests. */
export async function writeDocuments(
  workspace: Workspace,
  phase: string,
  documents: readonly DraftDocument[],
): Promise<WrittenFile[]> {
  const written: WrittenFile[] = [];
  for (const { name, content } of documents) {
    const { path, digest, bytes } = await workspace.write(phase, name, content);
    written.push({ path: `${phase}/${path}`, digest, bytes });
  }
  return written;
}
