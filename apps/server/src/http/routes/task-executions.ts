import {
  batchExecuteRequestSchema,
  batchExecuteResponseSchema,
  batchValidateRequestSchema,
  batchValidateResponseSchema,
  errorResponseSchema,
  programMetadataSchema,
  programNameSchema,
  programVersionsSchema,
  taskExecuteRequestSchema,
  taskExecuteResponseSchema,
} from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AppParts } from '../app.ts';
import { numberPlace, pageOf, pageQuery } from '../manners/pages.ts';

const tags = ['programs'];
const params = z.object({ name: programNameSchema });
const missing = { 404: errorResponseSchema };
const refused = { ...missing, 400: errorResponseSchema, 409: errorResponseSchema, 503: errorResponseSchema };
/** Items of one batch here; the edge itself takes more. */
const ITEMS_MAX = 10_000;

/**
 * `/tasks/{name}/…` and `/batch/…` of the source's later API (`reference/domain.md` §3.5): a task is a program, and an artifact one of its versions. What is
 * asked of people has the path `/tasks/{task_id}` itself.
 */
export function taskExecutionRoutes({ programs, watching: { meaning } }: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    api.post(
      '/tasks/:name/execute',
      {
        schema: {
          tags,
          summary: 'Run a version of a program on an input, and tell all about it; a program that fails is an answer as well',
          params,
          headers: z.looseObject({ 'x-rollout-key': z.string().max(256).optional() }),
          body: taskExecuteRequestSchema,
          response: { 200: taskExecuteResponseSchema, ...refused },
        },
      },
      async ({ params: { name }, headers: { 'x-rollout-key': key }, body }, reply) => {
        const answer = await programs.executeTask(name, body, { key, onVersion: (headers) => void reply.headers(headers) });
        return reply.send(answer);
      },
    );

    api.get(
      '/tasks/:name/artifacts',
      {
        schema: {
          tags,
          summary: 'Every version of a program, the oldest first',
          params,
          querystring: pageQuery,
          response: { 200: programVersionsSchema, 400: errorResponseSchema, ...missing },
        },
      },
      async ({ params: { name }, query }) => {
        const { page: versions, ...rest } = pageOf(await programs.versions(name), query, {
          place: ({ version }) => [version],
          schema: numberPlace,
        });
        return { versions, ...rest };
      },
    );

    api.get(
      '/tasks/:name/artifacts/:version',
      {
        schema: {
          tags,
          summary: 'What is known of one version of a program',
          params: params.extend({ version: z.coerce.number().int().min(1).max(999_999_999) }),
          response: { 200: programMetadataSchema, ...missing },
        },
      },
      ({ params: { name, version } }) => programs.version(name, version),
    );

    api.post(
      '/batch/execute',
      {
        schema: {
          tags,
          summary: 'Run a version of a program on many inputs',
          body: batchExecuteRequestSchema
            .omit({ log: true })
            .extend({ items: batchExecuteRequestSchema.shape.items.max(ITEMS_MAX) })
            .meta({ examples: [{ task_id: 'mail', items: [{ id: '1', input: 'Win a free phone now' }] }] }),
          response: { 200: batchExecuteResponseSchema, ...refused },
        },
      },
      async ({ body }, reply) => {
        const answer = await programs.executeBatch(body, { onVersion: (headers) => void reply.headers(headers) });
        return reply.send(answer);
      },
    );

    api.post(
      '/batch/validate',
      {
        schema: {
          tags,
          summary: 'Compare outputs with the right ones, as samples are compared or as the request says',
          body: batchValidateRequestSchema,
          response: { 200: batchValidateResponseSchema, 429: errorResponseSchema, ...refused },
        },
      },
      async ({ body }) => {
        await programs.versions(body.task_id);
        return meaning.validate(body);
      },
    );
  };
}
