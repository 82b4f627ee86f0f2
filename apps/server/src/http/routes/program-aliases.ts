import {
  PlatformError,
  type ProgramAlias,
  aliasNameSchema,
  errorResponseSchema,
  moveAliasRequestSchema,
  programAliasListSchema,
  programAliasSchema,
  programNameSchema,
} from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { seenAlias, tagOf } from '../alias-tag.ts';
import type { AppParts } from '../app.ts';
import { namePlace, pageOf, pageQuery } from '../manners/pages.ts';

const tags = ['programs'];
const headers = z.looseObject({ 'if-match': z.string().max(200).optional() });
const newHeaders = headers.extend({
  'if-none-match': z.literal('*').optional().describe('Makes an alias; one of this name is not there yet'),
});
const missing = { 404: errorResponseSchema };
const refused = { ...missing, 409: errorResponseSchema, 412: errorResponseSchema, 428: errorResponseSchema };
const params = z.object({ name: programNameSchema, alias: aliasNameSchema });
const path = '/programs/:name/aliases/:alias';
const MATCHING = '`If-Match` has the ETag of the alias as it was seen';

/** `/programs/{name}/aliases`: pointers to versions, moved by hand only by who has seen where they point now. */
export function programAliasRoutes({ programs, random }: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    api.get(
      '/programs/:name/aliases',
      {
        schema: {
          tags,
          summary: 'The aliases of a program and where they point, by name',
          params: params.pick({ name: true }),
          querystring: pageQuery,
          response: { 200: programAliasListSchema, 400: errorResponseSchema, ...missing },
        },
      },
      async ({ params: { name }, query }) => {
        const place = ({ alias }: ProgramAlias): [string] => [alias];
        const { page: aliases, ...rest } = pageOf(await programs.aliases(name), query, { place, schema: namePlace });
        return { aliases, ...rest };
      },
    );

    api.get(
      path,
      {
        schema: {
          tags,
          summary: 'The version that an alias points to; of `active` the one that is served',
          params,
          response: { 200: programAliasSchema, ...missing },
        },
      },
      async ({ params: { name, alias } }, reply) => {
        const seen = await programs.alias(name, alias);
        return reply.header('etag', tagOf(seen)).send(seen);
      },
    );

    api.put(
      path,
      {
        schema: {
          tags,
          summary: `Let an alias point to another version; ${MATCHING}, or \`If-None-Match: *\` makes one`,
          params,
          headers: newHeaders,
          body: moveAliasRequestSchema,
          response: { 200: programAliasSchema, 201: programAliasSchema, ...refused },
        },
      },
      async ({ params: { name, alias }, headers: conditions, body: { version, comment }, userId, id }, reply) => {
        const seen = await programs.findAlias(name, alias);
        if (conditions['if-none-match'] === undefined) seenAlias(seen, conditions['if-match']);
        else if (seen !== undefined)
          throw new PlatformError('PRECONDITION_FAILED', `Cannot make the alias "${alias}": it is there already`, {
            details: { current: { ...seen } },
          });
        const record = { id: random.uuid(), evidence: { moved_by: userId, comment: comment ?? null, request_id: id } };
        const moved = await programs.moveAlias(name, alias, { version, expected: seen?.version ?? null, record });
        return reply
          .code(seen === undefined ? 201 : 200)
          .header('etag', tagOf(moved))
          .send(moved);
      },
    );

    api.delete(
      path,
      {
        schema: {
          tags,
          summary: `Remove an alias, whose history stays; ${MATCHING}. Gives it as it was`,
          params,
          headers,
          response: { 200: programAliasSchema, 400: errorResponseSchema, ...refused },
        },
      },
      async ({ params: { name, alias }, headers: { 'if-match': wanted }, userId, id }) => {
        const seen = seenAlias(await programs.findAlias(name, alias), wanted);
        const record = { id: random.uuid(), evidence: { moved_by: userId, request_id: id } };
        await programs.removeAlias(name, alias, { expected: seen.version, record });
        return seen;
      },
    );
  };
}
