import { errorResponseSchema, sampleAnswerSchema, sampleSchema } from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { AppParts } from '../app.ts';
import { sampleErrors, sampleParamsSchema } from './samples.ts';

/** `/programs/{name}/samples/{sample_id}/…`: what ends a sample. */
export function sampleAnswerRoutes({ programs, watching: { edge, watcher } }: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    api.post(
      '/programs/:name/samples/:sample_id/answer',
      {
        schema: {
          tags: ['programs'],
          summary: 'Say what the right output is, or that the output is right',
          params: sampleParamsSchema,
          body: sampleAnswerSchema,
          response: { 200: sampleSchema, ...sampleErrors },
        },
      },
      async ({ params: { name, sample_id }, body, userId }) => {
        await programs.versions(name);
        return watcher.answer(name, sample_id, { by: userId, answer: body });
      },
    );

    api.post(
      '/programs/:name/samples/:sample_id/skip',
      {
        schema: {
          tags: ['programs'],
          summary: 'End a sample without an answer',
          params: sampleParamsSchema,
          response: { 200: sampleSchema, ...sampleErrors },
        },
      },
      async ({ params: { name, sample_id }, userId }) => {
        await programs.versions(name);
        return edge.skip(name, sample_id, { by: userId });
      },
    );

    api.post(
      '/programs/:name/samples/:sample_id/ask',
      {
        schema: {
          tags: ['programs'],
          summary: 'Have the model that is set say what the right output is',
          params: sampleParamsSchema,
          response: { 200: sampleSchema, 422: errorResponseSchema, ...sampleErrors },
        },
      },
      async ({ params: { name, sample_id } }) => {
        await programs.versions(name);
        return watcher.ask(name, sample_id);
      },
    );
  };
}
