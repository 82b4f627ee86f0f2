import { errorResponseSchema, programBundleSchema, programNameSchema } from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AppParts } from '../app.ts';

/** Versions for edges on other machines. */
export function programBundleRoutes({ programs }: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    api.get(
      '/programs/:name/versions/:version/bundle',
      {
        schema: {
          tags: ['programs'],
          summary: 'A version with all its files, for an edge on another machine',
          params: z.object({ name: programNameSchema, version: z.coerce.number().int().min(1).max(999_999_999) }),
          response: { 200: programBundleSchema, 404: errorResponseSchema },
        },
      },
      async ({ params: { name, version } }) => programs.bundle(name, version),
    );
  };
}
