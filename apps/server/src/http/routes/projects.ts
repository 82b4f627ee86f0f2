import type { Engine } from '@loopwright/engine';
import {
  errorResponseSchema,
  grantListSchema,
  grantParamsSchema,
  grantRequestSchema,
  grantSchema,
  projectIdSchema,
  projectListSchema,
} from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Access } from '../../authorization/access.ts';
import { type Grants, noSuchGrant } from '../../authorization/grants.ts';
import type { ResourceProjects } from '../../authorization/resource-projects.ts';
import { cutPage, pageQuery, rangeOfNames } from '../manners/pages.ts';

/** What projects are found in. */
export interface ProjectParts {
  readonly engine: Pick<Engine, 'read'>;
  readonly grants: Grants;
  readonly resources: ResourceProjects;
}

/** `/projects`: those that the caller may see, and who may what in each. */
export function projectRoutes(parts: ProjectParts): FastifyPluginAsyncZod {
  const { grants } = parts;
  return async (api) => {
    api.get(
      '/projects',
      {
        schema: {
          tags: ['authorization'],
          summary: 'The projects that you may see, and your role in each',
          querystring: pageQuery,
          response: { 200: projectListSchema, 400: errorResponseSchema },
        },
      },
      async ({ access, query }) => {
        const names = await seenProjects(parts, access, rangeOfNames(query));
        const [page, next_cursor] = cutPage(names, query.limit, (name) => [name]);
        const projects = page.flatMap((project_id) => {
          const role = access.roleOn(project_id);
          return role === 'none' ? [] : [{ project_id, role }];
        });
        return { projects, next_cursor };
      },
    );

    api.get(
      '/projects/:project_id/grants',
      {
        schema: {
          tags: ['authorization'],
          summary: 'Who has a role of their own in a project',
          params: z.object({ project_id: projectIdSchema }),
          querystring: pageQuery,
          response: { 200: grantListSchema, 400: errorResponseSchema, 404: errorResponseSchema },
        },
      },
      async ({ params: { project_id }, query }) => {
        const list = await grants.list(project_id, rangeOfNames(query));
        const [page, next_cursor] = cutPage(list, query.limit, ({ user_id }) => [user_id]);
        return { grants: page, next_cursor };
      },
    );

    const schema = {
      tags: ['authorization'],
      params: grantParamsSchema,
      response: { 200: grantSchema, 400: errorResponseSchema, 404: errorResponseSchema },
    };
    api.get(
      '/projects/:project_id/grants/:user_id',
      { schema: { ...schema, summary: 'The role of a user in a project' } },
      async ({ params: { project_id, user_id } }) => {
        const grant = await grants.find(project_id, user_id);
        if (grant === undefined) throw noSuchGrant(project_id, user_id);
        return grant;
      },
    );
    api.put(
      '/projects/:project_id/grants/:user_id',
      { schema: { ...schema, summary: 'Give a user a role in a project', body: grantRequestSchema } },
      async ({ params, body: { role }, userId }) => grants.put({ ...params, role, granted_by: userId }),
    );
    api.delete(
      '/projects/:project_id/grants/:user_id',
      { schema: { ...schema, summary: 'Take the role of a user in a project away: that on the platform counts again' } },
      async ({ params: { project_id, user_id } }) => grants.remove(project_id, user_id),
    );
  };
}

/** Names of projects in which there is something, from wherever they are found, that the caller sees. */
async function seenProjects(
  { engine, grants, resources }: ProjectParts,
  access: Access,
  { after, limit }: { after: string; limit: number },
): Promise<string[]> {
  const seen: string[] = [];
  for (let from = after; seen.length < limit;) {
    const found = [
      engine.read.projects({ after: from, limit }),
      await grants.projects({ after: from, limit }),
      await resources.projects({ after: from, limit }),
    ];
    const names = [...new Set(found.flat())].sort(byBytes).slice(0, limit);
    const last = names.at(-1);
    if (last === undefined) break;
    seen.push(...names.filter((name) => access.sees(name)));
    from = last;
  }
  return seen.slice(0, limit);
}

/** The order in which the tables compare names. */
function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
