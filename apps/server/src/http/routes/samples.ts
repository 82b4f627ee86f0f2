import {
  type Sample,
  candidatesRatedSchema,
  errorResponseSchema,
  programNameSchema,
  sampleListSchema,
  sampleSchema,
  sampleStateSchema,
} from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AppParts } from '../app.ts';
import { cursorOf, numberPlace, pageQuery, placeOf } from '../manners/pages.ts';

/** A sample in the path. */
export const sampleParamsSchema = z.object({ name: programNameSchema, sample_id: z.string().min(1).max(100) });

/** What is refused about samples. */
export const sampleErrors = {
  400: errorResponseSchema,
  404: errorResponseSchema,
  409: errorResponseSchema,
  429: errorResponseSchema,
  503: errorResponseSchema,
};

/** `/programs/{name}/samples`: executions that wait for somebody to say what would have been right. */
export function sampleRoutes({ programs, watching: { edge, confidence } }: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    const params = z.object({ name: programNameSchema });

    api.get(
      '/programs/:name/samples',
      {
        schema: {
          tags: ['programs'],
          summary: 'Executions that were chosen for validation, the oldest first',
          params,
          querystring: pageQuery.extend({
            state: sampleStateSchema.optional(),
            limit: z.coerce.number().int().min(1).max(200).default(50),
          }),
          response: { 200: sampleListSchema, ...sampleErrors },
        },
      },
      async ({ params: { name }, query: { state, limit, cursor } }) => {
        const [after] = cursor === undefined ? [undefined] : placeOf(cursor, numberPlace);
        await programs.versions(name);
        const list = await edge.samples(name, { state, limit, ...(after === undefined ? {} : { cursor: String(after) }) });
        return { ...list, next_cursor: list.next_cursor === null ? null : cursorOf([Number(list.next_cursor)]) };
      },
    );

    api.get(
      '/programs/:name/samples/:sample_id',
      {
        schema: {
          tags: ['programs'],
          summary: 'One sample, with its validation once it is answered',
          params: sampleParamsSchema,
          response: { 200: sampleSchema, ...sampleErrors },
        },
      },
      async ({ params: { name, sample_id } }) => {
        await programs.versions(name);
        return edge.sample(name, sample_id);
      },
    );

    api.post(
      '/programs/:name/samples/rate',
      {
        schema: {
          tags: ['programs'],
          summary: 'Have the model say how sure it is of executions; those of which it is the least sure become samples',
          params,
          response: { 200: candidatesRatedSchema, 422: errorResponseSchema, ...sampleErrors },
        },
      },
      async ({ params: { name } }) => {
        await programs.versions(name);
        return confidence.rate(name);
      },
    );

    api.post(
      '/programs/:name/samples/claim',
      {
        schema: {
          tags: ['programs'],
          summary: 'Take the oldest sample that waits, or one that is named, for 15 minutes; `null` when none waits',
          params,
          body: z.strictObject({ sample_id: z.string().min(1).max(100).optional() }).meta({ examples: [{}] }),
          response: { 200: z.object({ sample: sampleSchema.nullable() }), ...sampleErrors },
        },
      },
      async ({ params: { name }, body: { sample_id }, userId }): Promise<{ sample: Sample | null }> => {
        await programs.versions(name);
        return { sample: await edge.claim(name, userId, sample_id) };
      },
    );
  };
}
