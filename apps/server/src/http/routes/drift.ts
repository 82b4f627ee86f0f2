import {
  driftVerdictSchema,
  errorResponseSchema,
  programNameSchema,
  repairListSchema,
  validationSummarySchema,
} from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { repairView } from '../../watching/repair-store.ts';
import type { AppParts } from '../app.ts';
import { cutPage, numberPlace, pageQuery, placeOf } from '../manners/pages.ts';

/** `/programs/{name}/validation`, `…/drift` and `…/repairs`: how good a program is, whether its traffic is what it was, and what was done about it. */
export function driftRoutes({ programs, watching: { edge, store, repairs } }: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    const params = z.object({ name: programNameSchema });
    const missing = { 404: errorResponseSchema, 503: errorResponseSchema };

    api.get(
      '/programs/:name/validation',
      {
        schema: {
          tags: ['programs'],
          summary: 'What validations say about each version, with intervals, and what they cost today',
          params,
          response: { 200: validationSummarySchema, ...missing },
        },
      },
      async ({ params: { name } }) => {
        await programs.versions(name);
        return edge.validation(name);
      },
    );

    api.get(
      '/programs/:name/drift',
      {
        schema: {
          tags: ['programs'],
          summary: 'Whether the traffic or the quality of a program has changed: where, since when, how sure, with examples',
          params,
          response: { 200: driftVerdictSchema, ...missing },
        },
      },
      async ({ params: { name } }) => {
        await programs.versions(name);
        return edge.drift(name);
      },
    );

    api.get(
      '/programs/:name/repairs',
      {
        schema: {
          tags: ['programs'],
          summary: 'Repairs that drift has opened, the newest first, and what the next one waits for',
          params,
          querystring: pageQuery,
          response: { 200: repairListSchema, 400: errorResponseSchema, ...missing },
        },
      },
      async ({ params: { name }, query: { limit, cursor } }) => {
        const [before] = cursor === undefined ? [null] : placeOf(cursor, numberPlace);
        await programs.versions(name);
        const [page, next_cursor] = cutPage(await store.page(name, { before, limit: limit + 1 }), limit, ({ no }) => [no]);
        return { repairs: page.map(repairView), waiting_for: await repairs.waitingFor(name), next_cursor };
      },
    );
  };
}
