import {
  dailyAnalyticsSchema,
  errorResponseSchema,
  executeRequestSchema,
  executeResponseSchema,
  programNameSchema,
  programSummarySchema,
  rangeAnalyticsQuerySchema,
  rangeAnalyticsSchema,
} from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AppParts } from '../app.ts';

/** `/programs/{name}`: one program, a way to call it, and its figures. */
export function programRoutes({ programs, authorization: { resources } }: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    const params = z.object({ name: programNameSchema });
    const missing = { 404: errorResponseSchema };
    const refused = { ...missing, 400: errorResponseSchema, 409: errorResponseSchema, 422: errorResponseSchema };

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
      async ({ params: { name } }) => ({ ...(await programs.summary(name)), project_id: await resources.projectOfProgram(name) }),
    );

    api.post(
      '/programs/:name/execute',
      {
        schema: {
          tags: ['programs'],
          summary: 'Run the active version on an input, or that of another alias',
          params,
          headers: z.looseObject({ 'x-rollout-key': z.string().max(256).optional() }),
          body: executeRequestSchema
            .omit({ task_id: true })
            .strict()
            .meta({ examples: [{ input: 'Win a free phone now' }] }),
          response: { 200: executeResponseSchema, ...refused },
        },
      },
      async ({ params: { name }, headers: { 'x-rollout-key': key }, body }, reply) => {
        // Also of an answer that is an error.
        const answer = await programs.execute(name, body, { key, onVersion: (headers) => void reply.headers(headers) });
        return reply.send(answer);
      },
    );

    const querystring = z.object({
      date: z.iso.date().optional(),
      /** Computed from every record of the day; else percentiles are right within 0.5 %. */
      exact: z.enum(['true', 'false']).default('false'),
    });
    api.get(
      '/programs/:name/analytics',
      {
        schema: {
          tags: ['programs'],
          summary: 'Figures of one day of a program; percentiles within 0.5 %, or exact ones from every record',
          params,
          querystring,
          response: { 200: dailyAnalyticsSchema, ...missing },
        },
      },
      async ({ params: { name }, query: { date, exact } }) => programs.analytics(name, { date, exact: exact === 'true' }),
    );

    api.get(
      '/programs/:name/analytics/range',
      {
        schema: {
          tags: ['programs'],
          summary: 'Figures of some days of a program: together, day by day, by version, by hour and by kind of input',
          params,
          querystring: rangeAnalyticsQuerySchema,
          response: { 200: rangeAnalyticsSchema, 400: errorResponseSchema, ...missing },
        },
      },
      async ({ params: { name }, query }) => programs.rangeAnalytics(name, query),
    );
  };
}
