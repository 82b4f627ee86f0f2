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
import { namePlace, numberPlace, pageOf, pageQuery } from '../manners/pages.ts';

/** `/programs`: what was made, what is active, why, and a way to call it. */
export function programRoutes({ programs, authorization: { resources } }: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    const params = z.object({ name: programNameSchema });
    const missing = { 404: errorResponseSchema };
    const refused = { ...missing, 400: errorResponseSchema, 409: errorResponseSchema, 422: errorResponseSchema };

    api.get(
      '/programs',
      {
        schema: {
          tags: ['programs'],
          summary: 'Programs, by their names',
          querystring: pageQuery,
          response: { 200: programListSchema, 400: errorResponseSchema },
        },
      },
      async ({ access, query }) => {
        const list = await programs.list(await resources.programsIn((projectId) => access.mayIn(projectId, 'programs:read')));
        const { page, ...rest } = pageOf(list, query, { place: ({ name }) => [name], schema: namePlace });
        return { programs: page, ...rest };
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
          summary: 'The versions of a program with their metadata, the oldest first',
          params,
          querystring: pageQuery,
          response: { 200: programVersionsSchema, 400: errorResponseSchema, ...missing },
        },
      },
      async ({ params: { name }, query }) => {
        const versions = await programs.versions(name);
        const { page, ...rest } = pageOf(versions, query, { place: ({ version }) => [version], schema: numberPlace });
        return { versions: page, ...rest };
      },
    );

    api.get(
      '/programs/:name/promotions',
      {
        schema: {
          tags: ['programs'],
          summary: 'Every move of the active version with its evidence, the oldest first',
          params,
          querystring: pageQuery,
          response: { 200: promotionListSchema, 400: errorResponseSchema, ...missing },
        },
      },
      async ({ params: { name }, query }) => {
        // They are only ever added behind the last one, so that the number of one is its name.
        const numbered = [...(await programs.promotions(name)).entries()];
        const { page, ...rest } = pageOf(numbered, query, { place: ([number]) => [number], schema: numberPlace });
        return { promotions: page.map(([, promotion]) => promotion), ...rest };
      },
    );

    api.post(
      '/programs/:name/execute',
      {
        schema: {
          tags: ['programs'],
          summary: 'Run the active version on an input',
          params,
          body: executeRequestSchema
            .pick({ input: true })
            .strict()
            .meta({ examples: [{ input: 'Win a free phone now' }] }),
          response: { 200: executeResponseSchema, ...refused },
        },
      },
      async ({ params: { name }, body }, reply) => {
        const { headers, answer } = await programs.execute(name, body.input);
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
