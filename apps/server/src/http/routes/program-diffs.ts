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
          response: { 200: storedDiffListSchema, 404: errorResponseSchema },
        },
      },
      async ({ params: { name, version } }) => {
        await programs.versions(name);
        const diffs = await programs.diffs.of(name, version);
        return { diffs, total: diffs.length };
      },
    );
  };
}
