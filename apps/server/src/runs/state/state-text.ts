import type { RunDetail } from '@loopwright/protocol';
import type { Artifact } from '../workspace/workspace.ts';

/** The text of `state.json`: the run as the API has it, and its artifacts, for people and for tools that read the folder. */
export function stateText(detail: RunDetail, artifacts: readonly Artifact[]): string {
  const files = artifacts.map(({ artifactId, phase, path, type, bytes, digest }) => ({
    artifact_id: artifactId,
    phase,
    path: `artifacts/${phase}/${path}`,
    artifact_type: type,
    size_bytes: bytes,
    hash: digest,
  }));
  const note = 'An export: it is written again from the store whenever the run changes, and never read.';
  return `${JSON.stringify({ note, ...detail, artifacts: files }, null, 2)}\n`;
}
