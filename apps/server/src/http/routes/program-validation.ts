import {
  compareProgramsRequestSchema,
  compareProgramsResponseSchema,
  errorResponseSchema,
  improveRequestSchema,
  improveResponseSchema,
  programReferenceSchema,
  recommendationsSchema,
  validationStatisticsSchema,
} from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ProgramValidation } from '../../validation/program-validation.ts';
import type { AppParts } from '../app.ts';

const tags = ['validation'];
const params = z.object({ program_id: programReferenceSchema });
const missing = { 404: errorResponseSchema, 503: errorResponseSchema };

/** `/validation/programs`: what validations say of versions, as the source's later API has it (`reference/domain.md` §3.5). */
export function programValidationRoutes({ programs, ...parts }: AppParts): FastifyPluginAsyncZod {
  const validation = new ProgramValidation({ ...parts, references: programs.references });
  return async (api) => {
    api.get(
      '/validation/programs/:program_id/summary',
      {
        schema: {
          tags,
          summary: 'How many outputs of a version were right, by what oracles said',
          params,
          response: { 200: validationStatisticsSchema, ...missing },
        },
      },
      ({ params: { program_id: id } }) => validation.summary(id),
    );

    api.get(
      '/validation/programs/:program_id/recommendations',
      {
        schema: {
          tags,
          summary: 'Whether a version should be made again, what is wrong most often, and what would help',
          params,
          response: { 200: recommendationsSchema, ...missing },
        },
      },
      ({ params: { program_id: id } }) => validation.recommendations(id),
    );

    api.post(
      '/validation/programs/:program_id/improve',
      {
        schema: {
          tags,
          summary: 'Make a program again with what was labelled as examples; a person accepts what comes of it',
          params,
          body: improveRequestSchema,
          response: { 202: improveResponseSchema, 409: errorResponseSchema, ...missing },
        },
      },
      async ({ params: { program_id: id }, body: { reason }, userId }, reply) =>
        reply.code(202).send(await validation.improve(id, { userId, reason: reason ?? null })),
    );

    api.post(
      '/validation/programs/compare',
      {
        schema: {
          tags,
          summary: 'Which of two versions is better, how sure that is, and what should be done',
          body: compareProgramsRequestSchema,
          response: { 200: compareProgramsResponseSchema, 400: errorResponseSchema, ...missing },
        },
      },
      ({ body }) => validation.compare(body),
    );
  };
}
