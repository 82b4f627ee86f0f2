import { errorResponseSchema, humanTaskContextSchema, inboxCountSchema, inboxSchema } from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { noSuchTask } from '../../authorization/subjects.ts';
import { Inbox, type Reader, inboxPlace } from '../../inbox/inbox.ts';
import type { AppParts } from '../app.ts';
import { pageOf, pageQuery } from '../manners/pages.ts';

const count = z.int().nonnegative();
const forWhom = z.enum(['me', 'anybody']).default('me').describe('`me`: only those that the caller may answer');
const place = z.tuple([count, count, count, count, count, z.string().min(1).max(200)]);

function readerOf({ access, userId }: Pick<FastifyRequest, 'access' | 'userId'>): Reader {
  return {
    userId,
    projects: access.scope('tasks:read'),
    roleOn: (projectId) => access.roleOn(projectId),
    mayDecide: (projectId) => access.mayIn(projectId, 'tasks:decide'),
  };
}

/** `/inbox`: what waits for people, by what it holds up. */
export function inboxRoutes(parts: Pick<AppParts, 'engine' | 'database'>): FastifyPluginAsyncZod {
  const inbox = new Inbox(parts);
  return async (api) => {
    api.get(
      '/inbox',
      {
        schema: {
          tags: ['human tasks'],
          summary: 'Open questions, those that hold up most first',
          querystring: pageQuery.extend({ for: forWhom }),
          response: { 200: inboxSchema, 400: errorResponseSchema },
        },
      },
      async (request) => {
        const entries = await inbox.entries(readerOf(request), { onlyMine: request.query.for === 'me' });
        const { page, ...rest } = pageOf(entries, request.query, { place: inboxPlace, schema: place });
        return { entries: page, ...rest };
      },
    );

    api.get(
      '/inbox/count',
      {
        schema: {
          tags: ['human tasks'],
          summary: 'How many questions are open',
          querystring: z.object({ for: forWhom }),
          response: { 200: inboxCountSchema, 400: errorResponseSchema },
        },
      },
      async (request) => ({ count: inbox.count(readerOf(request), { onlyMine: request.query.for === 'me' }) }),
    );

    api.get(
      '/tasks/:task_id/context',
      {
        schema: {
          tags: ['human tasks'],
          summary: 'Where a question comes from, and what waits for its answer',
          params: z.object({ task_id: z.string().max(200) }),
          response: { 200: humanTaskContextSchema, 404: errorResponseSchema },
        },
      },
      async (request) => {
        const { task_id: id } = request.params;
        const task = parts.engine.read.humanTask(id);
        const context = task === undefined ? undefined : await inbox.context(task, readerOf(request));
        if (context === undefined) throw noSuchTask(id);
        return context;
      },
    );
  };
}
