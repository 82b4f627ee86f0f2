import {
  diffRequestSchema,
  errorResponseSchema,
  programNameSchema,
  storedDiffListSchema,
  storedDiffSchema,
} from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AppParts } from '../app.ts';
import { cutPage, pageQuery, placeOf, timePlace } from '../manners/pages.ts';

/** How versions of a program differ on the same inputs. */
export function programDiffRoutes({ programs, random }: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    const params = z.object({ name: programNameSchema });
    const refused = { 404: errorResponseSchema, 409: errorResponseSchema, 503: errorResponseSchema };

    api.post(
      '/programs/:name/diffs',
      {
        schema: {
          tags: ['programs'],
          summary: 'Replay logged or given inputs through two versions and say how they differ',
          params,
          body: diffRequestSchema,
          response: { 200: storedDiffSchema, ...refused },
        },
      },
      async ({ params: { name }, body, userId }) => {
        await programs.versions(name);
        return programs.diffs.compare(name, body, { diffId: random.uuid(), executionId: null, requestedBy: userId });
      },
    );

    api.get(
      '/programs/:name/versions/:version/diffs',
      {
        schema: {
          tags: ['programs'],
          summary: 'How a version was seen to differ from others, the newest first',
          params: params.extend({ version: z.coerce.number().int().min(1).max(999_999_999) }),
          querystring: pageQuery.extend({ limit: z.coerce.number().int().min(1).max(100).default(20) }),
          response: { 200: storedDiffListSchema, 400: errorResponseSchema, 404: errorResponseSchema },
        },
      },
      async ({ params: { name, version }, query: { limit, cursor } }) => {
        await programs.versions(name);
        const behind = cursor === undefined ? undefined : placeOf(cursor, timePlace);
        const list = await programs.diffs.of(name, version, { limit: limit + 1, behind });
        const [page, next] = cutPage(list, limit, ({ created_at: at, diff_id: id }) => [Date.parse(at), id]);
        return { diffs: page, next_cursor: next };
      },
    );
  };
}
