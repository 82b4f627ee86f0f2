import type { ArtifactSummary } from '@loopwright/protocol';
import { queryOptions } from '@tanstack/react-query';
import { api } from '../../../shared/api/api.ts';

/** The text of an artifact; the content of a digest never changes. */
export const artifactTextQuery = (runId: string, { artifact_id: id, hash }: Pick<ArtifactSummary, 'artifact_id' | 'hash'>) =>
  queryOptions({
    queryKey: ['artifact', runId, id, hash],
    queryFn: () => api.runs.artifactText(runId, id),
    staleTime: Infinity,
  });
