import type { Execution } from '@loopwright/engine';
import {
  type BulkFilter,
  type StuckList,
  bulkRequestSchema,
  bulkResponseSchema,
  errorResponseSchema,
  isoTime,
  stuckListSchema,
} from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { BulkOperations, type BulkQuery } from '../../operations/bulk-operations.ts';
import type { AppParts } from '../app.ts';
import { pageOf, pageQuery, timePlace } from '../manners/pages.ts';

/** How many executions a preview shows. */
const SAMPLE = 10;

/** What is done to many executions, and which of them need somebody. */
export function executionBulkRoutes(parts: AppParts): FastifyPluginAsyncZod {
  const { engine } = parts;
  const bulk = new BulkOperations({ ...parts, requireOwn: (id) => parts.runs.requireOwn(id) });
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
        const query = { ...filterOf(body.filter), projects: access.scope('executions:write') };
        const { token, action, executions, expiresAt } = bulk.preview(body.action, query, userId);
        const sample = executions.slice(0, SAMPLE).map(summaryOf);
        return { action, count: executions.length, sample, token, expires_at: isoTime(expiresAt) };
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

function filterOf(filter: BulkFilter): BulkQuery {
  const { workflow_id, project_id, status, definition_digest, created_from, created_before } = filter;
  return {
    ...(workflow_id === undefined ? {} : { workflow: workflow_id }),
    ...(project_id === undefined ? {} : { projectId: project_id }),
    ...(status === undefined ? {} : { status }),
    ...(definition_digest === undefined ? {} : { definitionDigest: definition_digest }),
    ...(created_from === undefined ? {} : { createdFrom: Date.parse(created_from) }),
    ...(created_before === undefined ? {} : { createdBefore: Date.parse(created_before) }),
  };
}

function summaryOf({ id, workflow, projectId, status, createdAt }: Execution): Omit<StuckList['executions'][number], 'why'> {
  return { execution_id: id, workflow_id: workflow, project_id: projectId, status, started_at: isoTime(createdAt) };
}
