import {
  type ProgramAlias,
  PlatformError,
  errorResponseSchema,
  moveAliasRequestSchema,
  programAliasSchema,
  programNameSchema,
} from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AppParts } from '../app.ts';

/** `/programs/{name}/aliases/active`: which version is served, and moving that by hand: only by who has seen where it points now. */
export function programAliasRoutes({ programs, random }: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    const params = z.object({ name: programNameSchema });
    const path = '/programs/:name/aliases/active';
    const refused = { 404: errorResponseSchema, 409: errorResponseSchema, 412: errorResponseSchema, 428: errorResponseSchema };

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
          headers: z.looseObject({ 'if-match': z.string().max(200).optional() }),
          body: moveAliasRequestSchema,
          response: { 200: programAliasSchema, ...refused },
        },
      },
      async ({ params: { name }, headers, body: { version, comment }, userId, id }, reply) => {
        const seen = await programs.active(name);
        const wanted = headers['if-match'];
        if (wanted === undefined)
          throw new PlatformError(
            'PRECONDITION_REQUIRED',
            'Cannot move the alias: the request does not say what it was seen to point to',
            {
              details: { current: seen },
            },
          );
        if (wanted !== '*' && !wanted.split(',').some((tag) => tag.trim() === tagOf(seen)))
          throw new PlatformError(
            'PRECONDITION_FAILED',
            `Cannot move the alias: it points to version ${String(seen.version)} by now`,
            {
              details: { current: seen },
            },
          );
        const evidence = { moved_by: userId, comment: comment ?? null, request_id: id };
        const alias = await programs.activate(name, { version, expected: seen.version, record: { id: random.uuid(), evidence } });
        return reply.header('etag', tagOf(alias)).send(alias);
      },
    );
  };
}

/** Strong: the alias with this tag is this alias, and points there since the same move. */
function tagOf({ version, moved_at }: ProgramAlias): string {
  return `"${version ?? 'none'}-${moved_at === null ? 0 : Date.parse(moved_at)}"`;
}
