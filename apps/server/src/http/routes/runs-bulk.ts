import { errorResponseSchema, isoTime, runBulkRequestSchema, runBulkResponseSchema } from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { BulkRuns } from '../../runs/bulk-runs.ts';
import { summaryView } from '../../runs/run-views.ts';
import type { AppParts } from '../app.ts';

/** `/runs/bulk`: what is done to many runs. */
export function runBulkRoutes(parts: Pick<AppParts, 'runs' | 'database' | 'clock' | 'random'>): FastifyPluginAsyncZod {
  const bulk = new BulkRuns(parts);
  return async (api) => {
    api.post(
      '/runs/bulk',
      {
        schema: {
          tags: ['runs'],
          summary: 'Cancel, pause, resume or retry many runs, after a preview',
          body: runBulkRequestSchema,
          response: { 200: runBulkResponseSchema, 400: errorResponseSchema, 409: errorResponseSchema, 422: errorResponseSchema },
        },
      },
      async ({ access, body, userId }) => {
        const mayChange = (projectId: string): boolean => access.mayIn(projectId, 'executions:write');
        if ('token' in body) return bulk.run(body.token, { userId, reason: body.reason ?? null, mayChange });
        const who = { userId, projects: access.scope('executions:write') };
        const { runs, token, expiresAt } = await bulk.preview(body.action, body.filter, who);
        return { action: body.action, count: runs.length, sample: runs.map(summaryView), token, expires_at: isoTime(expiresAt) };
      },
    );
  };
}
