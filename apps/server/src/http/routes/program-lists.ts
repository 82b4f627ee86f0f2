import { DEFAULT_PROJECT } from '@loopwright/engine';
import {
  type ProgramSummary,
  errorResponseSchema,
  programListSchema,
  programNameSchema,
  programVersionsSchema,
  promotionListSchema,
} from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { StoredSummary } from '../../programs/program-service.ts';
import type { AppParts } from '../app.ts';
import { namePlace, numberPlace, numberedQuery, pageOf, pageOfNumbered, pageQuery } from '../manners/pages.ts';

/** `/programs`, and of one its versions and promotions: lists, page by page. */
export function programListRoutes({ programs, authorization: { resources } }: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    const params = z.object({ name: programNameSchema });
    const missing = { 404: errorResponseSchema };

    api.get(
      '/programs',
      {
        schema: {
          tags: ['programs'],
          summary: 'Programs, by their names',
          querystring: pageQuery.extend({ q: z.string().min(1).max(63).optional().describe('What the name contains') }),
          response: { 200: programListSchema, 400: errorResponseSchema },
        },
      },
      async ({ access, query: { q = '', ...query } }) => {
        const isSeen = await resources.programsIn((projectId) => access.mayIn(projectId, 'programs:read'));
        const list = await programs.list((name) => name.includes(q.toLowerCase()) && isSeen(name));
        const { page, ...rest } = pageOf(list, query, { place: ({ name }) => [name], schema: namePlace });
        const projects = await resources.projectsOfPrograms();
        const inProject = (program: StoredSummary): ProgramSummary => ({
          ...program,
          project_id: projects.get(program.name) ?? DEFAULT_PROJECT,
        });
        return { programs: page.map(inProject), ...rest };
      },
    );

    api.get(
      '/programs/:name/versions',
      {
        schema: {
          tags: ['programs'],
          summary: 'The versions of a program with their metadata, the oldest first',
          params,
          querystring: pageQuery,
          response: { 200: programVersionsSchema, 400: errorResponseSchema, ...missing },
        },
      },
      async ({ params: { name }, query }) => {
        const versions = await programs.versions(name);
        const { page, ...rest } = pageOf(versions, query, { place: ({ version }) => [version], schema: numberPlace });
        return { versions: page, ...rest };
      },
    );

    api.get(
      '/programs/:name/promotions',
      {
        schema: {
          tags: ['programs'],
          summary: 'Every move of the active version with its evidence, the oldest first unless `sort` is `-at`',
          params,
          querystring: numberedQuery,
          response: { 200: promotionListSchema, 400: errorResponseSchema, ...missing },
        },
      },
      async ({ params: { name }, query }) => {
        const { page: promotions, ...rest } = pageOfNumbered(await programs.promotions(name), query);
        return { promotions, ...rest };
      },
    );
  };
}
