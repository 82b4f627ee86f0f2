import { artifactsResponseSchema, errorResponseSchema, listArtifactsQuerySchema } from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { openArtifact, openArtifactOf } from '../../runs/run-artifacts.ts';
import type { AppParts } from '../app.ts';
import { answerFile } from '../answer-file.ts';
import { oneRun } from './run-schemas.ts';

/** The artifacts of a run: their list, and each one by its id or its path. */
export function runArtifactRoutes({ runs }: Pick<AppParts, 'runs'>): FastifyPluginAsyncZod {
  return async (api) => {
    api.get(
      '/runs/:run_id/artifacts',
      {
        schema: {
          tags: ['runs'],
          summary: 'The artifacts of a run by phase',
          params: oneRun.params,
          querystring: listArtifactsQuerySchema,
          response: { 200: artifactsResponseSchema, ...oneRun.refused },
        },
      },
      async ({ params: { run_id }, query: { phase, limit, offset, page, cursor } }) => {
        const first = page === undefined || limit === undefined ? offset : (page - 1) * limit;
        return runs.artifacts(run_id, { phase, limit, offset: first, cursor });
      },
    );
    const file = { tags: ['runs'], response: FILE };
    api.get(
      '/runs/:run_id/artifacts/:artifact_id/download',
      {
        schema: {
          ...file,
          summary: 'An artifact as a file to keep; takes Range, If-Range and If-None-Match',
          params: oneRun.params.extend({ artifact_id: z.string().min(1).max(1500) }),
        },
      },
      async (request, reply) => {
        const { run_id, artifact_id } = request.params;
        return answerFile(request, reply, await openArtifact(await runs.workspace(run_id), artifact_id), 'attachment');
      },
    );
    api.get(
      '/runs/:run_id/files/:phase/:name',
      {
        schema: {
          ...file,
          summary: 'The artifact of a phase with a name, in which "/" is written %2F; takes Range, If-Range and If-None-Match',
          params: oneRun.params.extend({ phase: z.string().min(1).max(63), name: z.string().min(1).max(1500) }),
        },
      },
      async (request, reply) => {
        const { run_id, phase, name } = request.params;
        return answerFile(request, reply, await openArtifactOf(await runs.workspace(run_id), { phase, name }), 'inline');
      },
    );
  };
}

const BYTES = { content: { 'application/octet-stream': { schema: z.string() } } };
const FILE = {
  200: { description: 'The file, with its digest as ETag', ...BYTES },
  206: { description: 'A range of the file', ...BYTES },
  304: { description: 'The caller has it', ...BYTES },
  416: errorResponseSchema,
  ...oneRun.refused,
};
