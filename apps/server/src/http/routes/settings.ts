import { errorResponseSchema, settingListSchema } from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { AppParts } from '../app.ts';
import { namePlace, pageOf, pageQuery } from '../manners/pages.ts';

/** `/settings`: what the server was started with. Nothing of it changes while it runs. */
export function settingRoutes({ settings: all }: Pick<AppParts, 'settings'>): FastifyPluginAsyncZod {
  return async (api) => {
    api.get(
      '/settings',
      {
        schema: {
          tags: ['health'],
          summary: 'The settings in effect, without secrets',
          querystring: pageQuery,
          response: { 200: settingListSchema, 400: errorResponseSchema },
        },
      },
      async ({ query }) => {
        const { page, next_cursor } = pageOf(all, query, { place: ({ key }) => [key], schema: namePlace });
        return { settings: page, next_cursor };
      },
    );
  };
}
