import type { Execution } from '@loopwright/engine';
import {
  type ExecutionList,
  errorResponseSchema,
  executionListSchema,
  isoTime,
  listExecutionsQuerySchema,
  waitListSchema,
  whySchema,
} from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { executionsWaitingFor } from '../../runs/waiting-for.ts';
import type { AppParts } from '../app.ts';
import { executionView } from '../execution-view.ts';
import { listedPage } from '../listed-executions.ts';
import { waitsView } from '../waits-view.ts';
import { findExecution, oneExecution } from './execution-schemas.ts';

/** `/executions`: list, state, and why one does not move. */
export function executionRoutes(parts: AppParts): FastifyPluginAsyncZod {
  const { engine, runs } = parts;
  return async (api) => {
    api.get(
      '/executions',
      {
        schema: {
          tags: ['executions'],
          summary: 'Executions, the newest first unless another order is asked for',
          querystring: listExecutionsQuerySchema,
          response: { 200: executionListSchema, 400: errorResponseSchema },
        },
      },
      async ({ access, query, userId }) => {
        const mine = { userId, projects: access.scope('tasks:decide'), roleOn: (id: string) => access.roleOn(id) };
        const among = query.waiting_for === undefined ? undefined : executionsWaitingFor(engine, mine);
        const page = listedPage(engine.read, query, { projects: access.scope('executions:read'), among });
        const around = await runs.ofExecutions(page.executions.map(({ id }) => id));
        const executions = page.executions.map((one) => ({ ...summaryOf(one), run: around.get(one.id) ?? null }));
        return { executions, total: page.total, next_cursor: page.nextCursor };
      },
    );

    api.get(
      '/executions/:execution_id',
      { schema: { ...oneExecution, summary: 'The state of an execution' } },
      async ({ params: { execution_id } }) =>
        engine.read.together(() => executionView(engine, findExecution(parts, execution_id))),
    );

    api.get(
      '/executions/:execution_id/waits',
      {
        schema: {
          tags: ['executions'],
          summary: 'The times that an execution stood still, and for what',
          params: oneExecution.params,
          response: { 200: waitListSchema, 404: errorResponseSchema },
        },
      },
      async ({ params: { execution_id } }) =>
        engine.read.together(() => waitsView(engine.read, findExecution(parts, execution_id))),
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

function summaryOf(execution: Execution): Omit<ExecutionList['executions'][number], 'run'> {
  return {
    execution_id: execution.id,
    workflow_id: execution.workflow,
    project_id: execution.projectId,
    status: execution.status,
    started_at: isoTime(execution.createdAt),
    completed_at: execution.completedAt === null ? null : isoTime(execution.completedAt),
  };
}
