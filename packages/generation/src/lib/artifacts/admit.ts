import type { CodeArtifact } from '@loopwright/protocol';
import { checkArtifactPath } from './artifact-path.ts';
import { ARTIFACT_LIMITS } from './limits.ts';
import { PathRegister } from './path-register.ts';

/** An artifact of a result with its checked path, or with the reason why it is refused. */
export type Admission =
  | { readonly artifact: CodeArtifact; readonly names: readonly string[]; readonly content: Buffer }
  | { readonly artifact: CodeArtifact; readonly reason: string };

/** Checks the artifacts of a result against the limits and against each other, without looking at the disk. */
export function admit(artifacts: readonly CodeArtifact[]): Admission[] {
  const register = new PathRegister();
  let totalBytes = 0;
  return artifacts.map((artifact, index): Admission => {
    if (index >= ARTIFACT_LIMITS.count)
      return { artifact, reason: `the result has more than ${ARTIFACT_LIMITS.count} artifacts` };
    const path = checkArtifactPath(artifact.file_path);
    if (!path.ok) return { artifact, reason: path.reason };
    const bytes = Buffer.byteLength(artifact.content);
    if (bytes > ARTIFACT_LIMITS.fileBytes)
      return { artifact, reason: `the file is larger than ${ARTIFACT_LIMITS.fileBytes} bytes` };
    if (totalBytes + bytes > ARTIFACT_LIMITS.totalBytes)
      return { artifact, reason: `the files together are larger than ${ARTIFACT_LIMITS.totalBytes} bytes` };
    const collision = register.add(path.names);
    if (collision !== undefined) return { artifact, reason: collision };
    totalBytes += bytes;
    return { artifact, names: path.names, content: Buffer.from(artifact.content) };
  });
}
