import {
  errorResponseSchema,
  moveAliasRequestSchema,
  programAliasSchema,
  programNameSchema,
  programTimelineSchema,
  moveBackRequestSchema,
} from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { checkIfMatch, tagOf } from '../alias-tag.ts';
import type { AppParts } from '../app.ts';
import { numberedQuery, pageOfNumbered } from '../manners/pages.ts';

const headers = z.looseObject({ 'if-match': z.string().max(200).optional() });
const refused = { 404: errorResponseSchema, 409: errorResponseSchema, 412: errorResponseSchema, 428: errorResponseSchema };
const params = z.object({ name: programNameSchema });

/** `/programs/{name}/aliases/active`: which version is served, and moving that by hand: only by who has seen where it points now. */
export function programAliasRoutes({ programs, random }: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    const path = '/programs/:name/aliases/active';

    api.get(
      path,
      {
        schema: {
          tags: ['programs'],
          summary: 'The version that is served',
          params,
          response: { 200: programAliasSchema, 404: errorResponseSchema },
        },
      },
      async ({ params: { name } }, reply) => {
        const alias = await programs.active(name);
        return reply.header('etag', tagOf(alias)).send(alias);
      },
    );

    api.put(
      path,
      {
        schema: {
          tags: ['programs'],
          summary: 'Serve another version; `If-Match` has the ETag of the alias as it was seen',
          params,
          headers,
          body: moveAliasRequestSchema,
          response: { 200: programAliasSchema, ...refused },
        },
      },
      async ({ params: { name }, headers: { 'if-match': wanted }, body: { version, comment }, userId, id }, reply) => {
        const seen = await programs.active(name);
        checkIfMatch(wanted, tagOf(seen), { what: 'the alias', current: seen });
        const evidence = { moved_by: userId, comment: comment ?? null, request_id: id };
        const alias = await programs.activate(name, { version, expected: seen.version, record: { id: random.uuid(), evidence } });
        return reply.header('etag', tagOf(alias)).send(alias);
      },
    );
  };
}

/** What was active when, and going back to what was active before. */
export function programHistoryRoutes({ programs, clock, random }: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    api.get(
      '/programs/:name/timeline',
      {
        schema: {
          tags: ['programs'],
          summary: 'What was active at an instant, by whom and why, and everything before and after',
          params,
          querystring: numberedQuery.extend({ at: z.iso.datetime({ offset: true }).optional() }),
          response: { 200: programTimelineSchema, 400: errorResponseSchema, 404: errorResponseSchema },
        },
      },
      async ({ params: { name }, query: { at, ...query } }) => {
        const timeline = await programs.timeline(name, at === undefined ? clock.now() : Date.parse(at));
        const { page: entries, ...rest } = pageOfNumbered(timeline.entries, query);
        return { ...timeline, entries, ...rest };
      },
    );

    api.post(
      '/programs/:name/rollback',
      {
        schema: {
          tags: ['programs'],
          summary: 'Serve the version that was active before; `If-Match` has the ETag of the alias as it was seen',
          params,
          headers,
          body: moveBackRequestSchema,
          response: { 200: programAliasSchema, ...refused },
        },
      },
      async ({ params: { name }, headers: { 'if-match': wanted }, body: { reason }, userId, id }, reply) => {
        const seen = await programs.active(name);
        checkIfMatch(wanted, tagOf(seen), { what: 'the alias', current: seen });
        const evidence = { moved_by: userId, comment: reason ?? null, request_id: id, rollback: true };
        const alias = await programs.rollBack(name, { expected: seen.version, record: { id: random.uuid(), evidence } });
        return reply.header('etag', tagOf(alias)).send(alias);
      },
    );
  };
}
