import { EXECUTION_STATUSES, type Execution, type ExecutionStatus } from '@loopwright/engine';
import { PlatformError, errorResponseSchema, executionListSchema, isoTime, whySchema } from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AppParts } from '../app.ts';
import { executionView } from '../execution-view.ts';
import { cursorOf, cursorSchema, numberPlace, placeOf } from '../manners/pages.ts';
import { findExecution, oneExecution } from './execution-schemas.ts';

/** `/executions`: list, state, and why one does not move. */
export function executionRoutes(parts: AppParts): FastifyPluginAsyncZod {
  const { engine, runs } = parts;
  return async (api) => {
    const querystring = z.object({
      workflow_id: z.string().optional(),
      project_id: z.string().optional(),
      status: z.string().optional(),
      limit: z.coerce.number().int().min(1).max(500).default(50),
      offset: z.coerce.number().int().nonnegative().default(0),
      cursor: cursorSchema,
    });
    api.get(
      '/executions',
      {
        schema: {
          tags: ['executions'],
          summary: 'Executions, the newest first',
          querystring,
          response: { 200: executionListSchema, 400: errorResponseSchema },
        },
      },
      async ({ access, query: { workflow_id, project_id, status, limit, offset, cursor } }) => {
        const { executions, total, next } = engine.read.executions({
          limit,
          offset,
          projects: access.scope('executions:read'),
          ...(workflow_id === undefined ? {} : { workflow: workflow_id }),
          ...(project_id === undefined ? {} : { projectId: project_id }),
          ...(status === undefined ? {} : { status: statusOf(status) }),
          ...(cursor === undefined ? {} : { before: placeOf(cursor, numberPlace)[0] }),
        });
        return { executions: executions.map(summaryOf), total, next_cursor: cursorOf(next === null ? null : [next]) };
      },
    );

    api.get(
      '/executions/:execution_id',
      { schema: { ...oneExecution, summary: 'The state of an execution' } },
      async ({ params: { execution_id } }) =>
        engine.read.together(() => executionView(engine, findExecution(parts, execution_id))),
    );

    api.get(
      '/executions/:execution_id/why',
      {
        schema: {
          tags: ['executions'],
          summary: 'Why an execution does not move',
          params: oneExecution.params,
          response: { 200: whySchema, 404: errorResponseSchema },
        },
      },
      async ({ params: { execution_id } }) => runs.explain(findExecution(parts, execution_id)),
    );
  };
}

function statusOf(text: string): ExecutionStatus {
  const status = EXECUTION_STATUSES.find((known) => known === text);
  if (status !== undefined) return status;
  throw new PlatformError('INVALID_STATUS', `Cannot filter by the status "${text}": there is no such status`, {
    details: { allowed: [...EXECUTION_STATUSES] },
  });
}

function summaryOf(execution: Execution): z.infer<typeof executionListSchema>['executions'][number] {
  return {
    execution_id: execution.id,
    workflow_id: execution.workflow,
    project_id: execution.projectId,
    status: execution.status,
    started_at: isoTime(execution.createdAt),
    completed_at: execution.completedAt === null ? null : isoTime(execution.completedAt),
  };
}
