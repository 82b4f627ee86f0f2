import { type ProgramMetadata, executionResponseSchema, programBundleSchema, programVersionsSchema } from '@loopwright/protocol';
import { queryOptions } from '@tanstack/react-query';
import type { z } from 'zod';
import { api } from '../../api/api.ts';

const programPath = (program: string): string => `/api/v1/programs/${encodeURIComponent(program)}`;

type ProgramVersions = z.infer<typeof programVersionsSchema>;

/** What is known of a version, which never changes; `null` for one that is not there. */
export const versionQuery = (program: string, version: number) =>
  queryOptions({
    queryKey: ['program-version', program, version, 'metadata'],
    staleTime: Infinity,
    queryFn: async (): Promise<ProgramMetadata | null> => {
      for (let cursor: string | null = ''; cursor !== null;) {
        const query = new URLSearchParams({ limit: '500', ...(cursor === '' ? {} : { cursor }) }).toString();
        const path = `${programPath(program)}/versions?${query}`;
        const page: ProgramVersions = await api.call({ method: 'GET', path, answer: programVersionsSchema });
        const found = page.versions.find((one) => one.version === version);
        if (found !== undefined) return found;
        cursor = page.next_cursor;
      }
      return null;
    },
  });

/** The files of a version as texts by their names, with the digest of its source. */
export const filesQuery = (program: string, version: number) =>
  queryOptions({
    queryKey: ['program-version', program, version, 'files'],
    staleTime: Infinity,
    queryFn: async () => {
      const path = `${programPath(program)}/versions/${version}/bundle`;
      const { digest, files } = await api.call({ method: 'GET', path, answer: programBundleSchema });
      return { digest, files: new Map(Object.entries(files).map(([name, base64]) => [name, textOf(base64)])) };
    },
  });

/** The execution that asks, with the definition that it runs. */
export const executionQuery = (executionId: string) =>
  queryOptions({
    queryKey: ['execution', executionId],
    queryFn: () =>
      api.call({
        method: 'GET',
        path: `/api/v1/executions/${encodeURIComponent(executionId)}`,
        answer: executionResponseSchema,
      }),
  });

function textOf(base64: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
}
