import { errorResponseSchema, moduleListSchema, moduleLogSchema, moduleNameSchema, moduleSchema } from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { moduleView } from '../../modules/module-view.ts';
import type { AppParts } from '../app.ts';
import { cursorOf, namePlace, numberPlace, pageOf, pageQuery, placeOf } from '../manners/pages.ts';

const params = z.object({ name: moduleNameSchema });

/** `/modules`: what runs beside the server, how it is, and what it says. */
export function moduleRoutes({ supervisor }: Pick<AppParts, 'supervisor'>): FastifyPluginAsyncZod {
  return async (api) => {
    api.get(
      '/modules',
      {
        schema: {
          tags: ['modules'],
          summary: 'The modules of the server, by name',
          querystring: pageQuery,
          response: { 200: moduleListSchema, 400: errorResponseSchema },
        },
      },
      async ({ query }) => {
        const { page, ...rest } = pageOf(supervisor.modules, query, { place: ({ spec }) => [spec.id], schema: namePlace });
        return { modules: page.map(moduleView), ...rest };
      },
    );

    api.get(
      '/modules/:name',
      {
        schema: {
          tags: ['modules'],
          summary: 'One module: how it is, what it uses, what it may',
          params,
          response: { 200: moduleSchema, 400: errorResponseSchema, 404: errorResponseSchema },
        },
      },
      async ({ params: { name } }) => moduleView(supervisor.module(name)),
    );

    api.get(
      '/modules/:name/logs',
      {
        schema: {
          tags: ['modules'],
          summary: 'What a module wrote and what the supervisor says of it: the newest lines, or those behind a cursor',
          params,
          querystring: pageQuery,
          response: { 200: moduleLogSchema, 400: errorResponseSchema, 404: errorResponseSchema },
        },
      },
      async ({ params: { name }, query: { limit, cursor } }) => {
        const { log } = supervisor.module(name);
        // A number from before a restart of the server is behind all that there is.
        const from = cursor === undefined ? undefined : Math.min(placeOf(cursor, numberPlace)[0], log.last);
        const { entries, missed } = from === undefined ? log.newest(limit) : log.after(from, limit);
        const last = entries.at(-1)?.seq ?? from ?? 0;
        return {
          entries: [...entries],
          missed,
          next_cursor: cursorOf(last < log.last ? [last] : null),
          tail_cursor: String(cursorOf([last])),
        };
      },
    );
  };
}
