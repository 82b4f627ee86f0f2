import { type ArtifactSummary, type ArtifactsResponse, PlatformError, isoTime } from '@loopwright/protocol';
import { z } from 'zod';
import { pageOf } from '../http/manners/pages.ts';
import { readArtifactId } from './workspace/artifact-id.ts';
import type { Artifact, OpenArtifact, Workspace } from './workspace/workspace.ts';

/** Artifacts are in the order of their phases, those of one phase by their paths. */
const artifactPlace = z.tuple([z.int().nonnegative(), z.string(), z.string()]);

/** Which artifacts are listed. */
export interface ArtifactsQuery {
  readonly phase?: string | undefined;
  readonly limit?: number | undefined;
  readonly offset: number;
  /** `next_cursor` of the page before; counts instead of `offset`. */
  readonly cursor?: string | undefined;
}

/** A query with the phases of the profile in order; those that are no phases of it come behind. */
interface OrderedQuery extends ArtifactsQuery {
  readonly order: readonly string[];
}

/** The artifacts of a run by phase; `total_count` is of all that fit, before paging. */
export async function artifactsView(
  runId: string,
  workspace: Workspace,
  { phase, limit, offset, cursor, order }: OrderedQuery,
): Promise<ArtifactsResponse> {
  const found = (await workspace.list(phase)).artifacts;
  const rank = (artifact: Artifact): number => (order.indexOf(artifact.phase) + order.length + 1) % (order.length + 1);
  const { page, total, next_cursor } = pageOf(
    found,
    { limit: limit ?? found.length, cursor, offset },
    { place: (artifact) => [rank(artifact), artifact.phase, artifact.path], schema: artifactPlace },
  );
  const groups = Map.groupBy(page, (artifact) => artifact.phase);
  const artifactsByPhase = Object.fromEntries(
    [...groups].map(([name, group]) => [name, group.map((artifact) => artifactView(runId, artifact))]),
  );
  return {
    run_id: runId,
    artifacts_by_phase: artifactsByPhase,
    total_count: total,
    limit: limit ?? null,
    offset,
    next_cursor,
  };
}

function artifactView(runId: string, { artifactId, phase, path, type, bytes, digest, createdAt }: Artifact): ArtifactSummary {
  return {
    artifact_id: artifactId,
    phase,
    path: `${runId}/artifacts/${phase}/${path}`,
    name: path,
    description: `${type.toUpperCase()} artifact for ${phase}`,
    artifact_type: type,
    size_bytes: bytes,
    created_at: isoTime(createdAt),
    hash: digest,
  };
}

/** Opens the artifact that an id names; the caller closes it. Throws RUN_ARTIFACT_NOT_FOUND. */
export async function openArtifact(workspace: Workspace, artifactId: string): Promise<OpenArtifact> {
  const named = readArtifactId(artifactId);
  const found = named === undefined ? undefined : await workspace.open(named.phase, named.path);
  if (found === undefined) throw new PlatformError('RUN_ARTIFACT_NOT_FOUND', `Cannot find the artifact "${artifactId}"`);
  return found;
}

/** Opens the artifact of a phase with a name; the caller closes it. Throws RUN_ARTIFACT_NOT_FOUND. */
export async function openArtifactOf(
  workspace: Workspace,
  { phase, name }: { phase: string; name: string },
): Promise<OpenArtifact> {
  const found = await workspace.open(phase, name);
  if (found === undefined) throw new PlatformError('RUN_ARTIFACT_NOT_FOUND', `Cannot find the artifact "${name}" of ${phase}`);
  return found;
}
