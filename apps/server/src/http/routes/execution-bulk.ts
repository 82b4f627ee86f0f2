import type { Execution } from '@loopwright/engine';
import {
  type StuckList,
  bulkRequestSchema,
  bulkResponseSchema,
  errorResponseSchema,
  isoTime,
  stuckListSchema,
} from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { BulkOperations } from '../../operations/bulk-operations.ts';
import type { AppParts } from '../app.ts';
import { bulkQueryOf } from '../listed-executions.ts';
import { pageOf, pageQuery, timePlace } from '../manners/pages.ts';

/** What is done to many executions, and which of them need somebody. */
export function executionBulkRoutes(parts: AppParts): FastifyPluginAsyncZod {
  const { engine } = parts;
  const bulk = new BulkOperations(parts);
  return async (api) => {
    api.post(
      '/executions/bulk',
      {
        schema: {
          tags: ['executions'],
          summary: 'Cancel, pause, resume or retry many executions, after a preview',
          body: bulkRequestSchema,
          response: { 200: bulkResponseSchema, 400: errorResponseSchema, 409: errorResponseSchema, 422: errorResponseSchema },
        },
      },
      async ({ access, body, userId }) => {
        const mayChange = (projectId: string): boolean => access.mayIn(projectId, 'executions:write');
        if ('token' in body) return bulk.run(body.token, { userId, reason: body.reason ?? null, mayChange });
        const query = { ...bulkQueryOf(body.filter), projects: access.scope('executions:write') };
        const { token, action, executions, leftToRuns, expiresAt } = await bulk.preview(body.action, query, userId);
        const sample = executions.map(summaryOf);
        return {
          action,
          count: executions.length,
          sample,
          left_to_runs: leftToRuns,
          token,
          expires_at: isoTime(expiresAt),
        };
      },
    );
    api.get(
      '/executions/stuck',
      {
        schema: {
          tags: ['executions'],
          summary: 'Executions that go on only when somebody does something, each with its reason',
          querystring: pageQuery.extend({ for_seconds: z.coerce.number().int().min(0).max(31_536_000).default(60) }),
          response: { 200: stuckListSchema, 400: errorResponseSchema },
        },
      },
      async ({ access, query }): Promise<StuckList> => {
        const stuck = engine.operations.stuck(query.for_seconds * 1000, access.scope('executions:read'));
        const { page, ...rest } = pageOf(stuck, query, { place: ({ createdAt, id }) => [createdAt, id], schema: timePlace });
        const executions = page.map((execution) =>
          Object.assign(summaryOf(execution), { why: engine.operations.why(execution) }),
        );
        return { executions, ...rest };
      },
    );
  };
}

function summaryOf({ id, workflow, projectId, status, createdAt }: Execution): Omit<StuckList['executions'][number], 'why'> {
  return { execution_id: id, workflow_id: workflow, project_id: projectId, status, started_at: isoTime(createdAt) };
}
