import { type ArtifactResult, artifactResultSchema } from '@loopwright/protocol';

/** Reads a result that lay in a store. Nothing when it is not one any more: cut off, overwritten, or of another version. */
export function readKeptResult(text: string): ArtifactResult | undefined {
  try {
    return artifactResultSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
