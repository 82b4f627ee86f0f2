import {
  ACTIVE_ALIAS,
  type ProgramAlias,
  aliasNameSchema,
  errorResponseSchema,
  moveBackRequestSchema,
  programAliasSchema,
  programNameSchema,
  programTimelineSchema,
} from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { seenAlias, tagOf } from '../alias-tag.ts';
import type { AppParts } from '../app.ts';
import { numberedQuery, pageOfNumbered } from '../manners/pages.ts';

const headers = z.looseObject({ 'if-match': z.string().max(200).optional() });
const refused = { 404: errorResponseSchema, 409: errorResponseSchema, 412: errorResponseSchema, 428: errorResponseSchema };
const params = z.object({ name: programNameSchema });

/** A rollback as it is asked for. */
interface RollbackRequest {
  readonly name: string;
  readonly alias: string;
  readonly wanted: string | undefined;
  readonly reason: string | undefined;
  readonly userId: string;
  readonly requestId: string;
}

/** Where an alias pointed when, and going back to what was active before. */
export function programHistoryRoutes({ programs, clock, random }: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    api.get(
      '/programs/:name/timeline',
      {
        schema: {
          tags: ['programs'],
          summary:
            'What was active, or what another alias pointed to, at an instant, by whom and why, and everything before and after',
          params,
          querystring: numberedQuery.extend({
            at: z.iso.datetime({ offset: true }).optional(),
            alias: aliasNameSchema.default(ACTIVE_ALIAS).describe('Also one that was removed'),
          }),
          response: { 200: programTimelineSchema, 400: errorResponseSchema, 404: errorResponseSchema },
        },
      },
      async ({ params: { name }, query: { at, alias, ...query } }) => {
        const timeline = await programs.timeline(name, alias, at === undefined ? clock.now() : Date.parse(at));
        const { page: entries, ...rest } = pageOfNumbered(timeline.entries, query);
        return { ...timeline, entries, ...rest };
      },
    );

    const back = async (request: RollbackRequest): Promise<ProgramAlias> => {
      const { name, alias, wanted, reason, userId, requestId } = request;
      const seen = seenAlias(await programs.findAlias(name, alias), wanted);
      const evidence = { moved_by: userId, comment: reason ?? null, request_id: requestId, rollback: true };
      return programs.rollBack(name, alias, { expected: seen.version, record: { id: random.uuid(), evidence } });
    };

    api.post(
      '/programs/:name/rollback',
      {
        schema: {
          tags: ['programs'],
          summary: 'Serve the version that was active before; `If-Match` has the ETag of the alias `active` as it was seen',
          params,
          headers,
          body: moveBackRequestSchema,
          response: { 200: programAliasSchema, ...refused },
        },
      },
      async ({ params: { name }, headers: { 'if-match': wanted }, body: { reason }, userId, id }, reply) => {
        const moved = await back({ name, alias: ACTIVE_ALIAS, wanted, reason, userId, requestId: id });
        return reply.header('etag', tagOf(moved)).send(moved);
      },
    );

    api.post(
      '/programs/:name/aliases/:alias/rollback',
      {
        schema: {
          tags: ['programs'],
          summary:
            'Let an alias point to the version that it pointed to before; `If-Match` has the ETag of the alias as it was seen',
          params: params.extend({ alias: aliasNameSchema }),
          headers,
          body: moveBackRequestSchema,
          response: { 200: programAliasSchema, ...refused },
        },
      },
      async ({ params: { name, alias }, headers: { 'if-match': wanted }, body: { reason }, userId, id }, reply) => {
        const moved = await back({ name, alias, wanted, reason, userId, requestId: id });
        return reply.header('etag', tagOf(moved)).send(moved);
      },
    );
  };
}
