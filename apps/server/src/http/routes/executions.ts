import { EXECUTION_STATUSES, type Execution, type ExecutionStatus, explain } from '@loopwright/engine';
import {
  PlatformError,
  acceptanceRequestSchema,
  clarificationRequestSchema,
  errorResponseSchema,
  executionListSchema,
  executionResponseSchema,
  isoTime,
  whySchema,
} from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AppParts } from '../app.ts';
import { executionView } from '../execution-view.ts';
import { giveAnswer } from '../give-answer.ts';
import { idempotencyKeySchema } from '../idempotency.ts';

const errors = { 400: errorResponseSchema, 404: errorResponseSchema, 409: errorResponseSchema };
const headers = z.looseObject({ 'idempotency-key': idempotencyKeySchema.optional() });

/** `/executions`: list, state, control, and the two ways of answering that `seeds/004` has. */
export function executionRoutes(parts: AppParts): FastifyPluginAsyncZod {
  const { engine, clock } = parts;
  return async (api) => {
    const params = z.object({ execution_id: z.string().max(200) });
    const find = (id: string): Execution => {
      const execution = engine.read.execution(id);
      if (execution === undefined) throw new PlatformError('EXECUTION_NOT_FOUND', `Cannot find the execution "${id}"`);
      return execution;
    };
    const state = { tags: ['executions'], params, response: { 200: executionResponseSchema, ...errors } };

    const querystring = z.object({
      workflow_id: z.string().optional(),
      project_id: z.string().optional(),
      status: z.string().optional(),
      limit: z.coerce.number().int().min(1).max(500).default(50),
      offset: z.coerce.number().int().nonnegative().default(0),
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
      async ({ query: { workflow_id, project_id, status, limit, offset } }) => {
        const { executions, total } = engine.read.executions({
          limit,
          offset,
          ...(workflow_id === undefined ? {} : { workflow: workflow_id }),
          ...(project_id === undefined ? {} : { projectId: project_id }),
          ...(status === undefined ? {} : { status: statusOf(status) }),
        });
        return { executions: executions.map(summaryOf), total };
      },
    );

    api.get(
      '/executions/:execution_id',
      { schema: { ...state, summary: 'The state of an execution' } },
      async ({ params: { execution_id } }) => executionView(engine.read, find(execution_id)),
    );

    api.get(
      '/executions/:execution_id/why',
      {
        schema: {
          tags: ['executions'],
          summary: 'Why an execution does not move',
          params,
          response: { 200: whySchema, 404: errorResponseSchema },
        },
      },
      async ({ params: { execution_id } }) => explain(engine.read, find(execution_id), clock),
    );

    const cancelBody = z.strictObject({ reason: z.string().max(1000).optional() }).nullish();
    api.post(
      '/executions/:execution_id/cancel',
      { schema: { ...state, summary: 'End an execution for good', body: cancelBody } },
      async (request) =>
        executionView(
          engine.read,
          await engine.cancel(request.params.execution_id, { who: request.userId, reason: request.body?.reason ?? null }),
        ),
    );
    api.post(
      '/executions/:execution_id/pause',
      { schema: { ...state, summary: 'Stop an execution before its next step' } },
      async (request) => executionView(engine.read, await engine.pause(request.params.execution_id, request.userId)),
    );
    api.post(
      '/executions/:execution_id/resume',
      { schema: { ...state, summary: 'Let a paused execution go on' } },
      async (request) => executionView(engine.read, await engine.resume(request.params.execution_id, request.userId)),
    );

    const answered = { 200: executionResponseSchema, 202: executionResponseSchema, ...errors };
    api.post(
      '/executions/:execution_id/acceptance',
      {
        schema: {
          ...state,
          summary: 'Decide about what is to be accepted',
          headers,
          body: acceptanceRequestSchema,
          response: answered,
        },
      },
      async (request, reply) => {
        const outcome = await giveAnswer(parts, request, {
          executionId: request.params.execution_id,
          kind: 'acceptance',
          body: request.body,
        });
        return reply
          .status(outcome === 'buffered' ? 202 : 200)
          .send(executionView(engine.read, find(request.params.execution_id)));
      },
    );
    api.post(
      '/executions/:execution_id/clarification',
      {
        schema: {
          ...state,
          summary: 'Answer the questions of an execution',
          headers,
          body: clarificationRequestSchema,
          response: answered,
        },
      },
      async (request, reply) => {
        const outcome = await giveAnswer(parts, request, {
          executionId: request.params.execution_id,
          kind: 'clarification',
          body: request.body,
        });
        return reply
          .status(outcome === 'buffered' ? 202 : 200)
          .send(executionView(engine.read, find(request.params.execution_id)));
      },
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
