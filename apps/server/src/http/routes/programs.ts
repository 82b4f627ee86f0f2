import {
  dailyAnalyticsSchema,
  errorResponseSchema,
  executeRequestSchema,
  executeResponseSchema,
  programListSchema,
  programNameSchema,
  programSummarySchema,
  programVersionsSchema,
  promotionListSchema,
} from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AppParts } from '../app.ts';

/** `/programs`: what was made, what is active, why, and a way to call it. */
export function programRoutes({ programs, authorization: { resources } }: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    const params = z.object({ name: programNameSchema });
    const missing = { 404: errorResponseSchema };
    const refused = { ...missing, 400: errorResponseSchema, 409: errorResponseSchema, 422: errorResponseSchema };

    api.get(
      '/programs',
      { schema: { tags: ['programs'], summary: 'Programs', response: { 200: programListSchema } } },
      async ({ access }) => {
        const list = await programs.list(await resources.programsIn((projectId) => access.mayIn(projectId, 'programs:read')));
        return { programs: list, total: list.length };
      },
    );

    api.get(
      '/programs/:name',
      {
        schema: {
          tags: ['programs'],
          summary: 'One program and where it is served',
          params,
          response: { 200: programSummarySchema, ...missing },
        },
      },
      async ({ params: { name } }) => programs.summary(name),
    );

    api.get(
      '/programs/:name/versions',
      {
        schema: {
          tags: ['programs'],
          summary: 'Every version of a program with its metadata',
          params,
          response: { 200: programVersionsSchema, ...missing },
        },
      },
      async ({ params: { name } }) => {
        const versions = await programs.versions(name);
        return { versions, total: versions.length };
      },
    );

    api.get(
      '/programs/:name/promotions',
      {
        schema: {
          tags: ['programs'],
          summary: 'Every move of the active version, with its evidence',
          params,
          response: { 200: promotionListSchema, ...missing },
        },
      },
      async ({ params: { name } }) => {
        const promotions = await programs.promotions(name);
        return { promotions, total: promotions.length };
      },
    );

    api.post(
      '/programs/:name/execute',
      {
        schema: {
          tags: ['programs'],
          summary: 'Run the active version on an input',
          params,
          headers: z.looseObject({ 'x-rollout-key': z.string().max(256).optional() }),
          body: executeRequestSchema
            .pick({ input: true })
            .strict()
            .meta({ examples: [{ input: 'Win a free phone now' }] }),
          response: { 200: executeResponseSchema, ...refused },
        },
      },
      async ({ params: { name }, headers: { 'x-rollout-key': key }, body }, reply) => {
        const { headers, answer } = await programs.execute(name, body.input, key);
        return reply.headers(headers).send(answer);
      },
    );

    const querystring = z.object({ date: z.iso.date().optional() });
    api.get(
      '/programs/:name/analytics',
      {
        schema: {
          tags: ['programs'],
          summary: 'Figures of one day of a program',
          params,
          querystring,
          response: { 200: dailyAnalyticsSchema, ...missing },
        },
      },
      async ({ params: { name }, query: { date } }) => programs.analytics(name, date),
    );
  };
}
