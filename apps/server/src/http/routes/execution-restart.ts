import {
  type ExecutionResponse,
  errorResponseSchema,
  executionResponseSchema,
  moveRequestSchema,
  moveResponseSchema,
  restartRequestSchema,
} from '@loopwright/protocol';
import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AppParts } from '../app.ts';
import { executionView } from '../execution-view.ts';
import { executionIdOf, idempotencyKeySchema } from '../idempotency.ts';
import { findExecution, oneExecution } from './execution-schemas.ts';

/** Restart and retry, which begin a new execution, and move, which pins one to another definition. */
export function executionRestartRoutes(parts: AppParts): FastifyPluginAsyncZod {
  const { engine, random, runs, tracing } = parts;
  return async (api) => {
    const headers = z.looseObject({ 'idempotency-key': idempotencyKeySchema.optional() });
    const { 200: _ok, ...refusals } = oneExecution.response;
    const begun = { ...oneExecution, headers, response: { 201: executionResponseSchema, ...refusals } };
    const newIdOf = (userId: string, purpose: string, key: string | undefined): string => {
      const id = key === undefined ? random.uuid() : executionIdOf(userId, purpose, key);
      tracing.starts(id);
      return id;
    };
    const answer = (
      reply: FastifyReply,
      { created, execution }: Awaited<ReturnType<typeof engine.operations.retry>>,
    ): ExecutionResponse => {
      if (!created) reply.header('idempotent-replayed', 'true');
      reply.status(201).header('location', `/api/v1/executions/${execution.id}`);
      return executionView(engine, execution);
    };

    api.post(
      '/executions/:execution_id/restart',
      {
        schema: {
          ...begun,
          summary: 'Begin an execution again at a task, as a new one',
          body: restartRequestSchema.nullish().meta({ examples: [{ from: 'evaluate' }] }),
        },
      },
      async ({ params: { execution_id: executionId }, body, headers: { 'idempotency-key': key }, userId }, reply) => {
        await runs.requireOwn(executionId);
        const newId = newIdOf(userId, `restart ${executionId}`, key);
        const request = { executionId, newId, from: body?.from, input: body?.input, startedBy: userId };
        return answer(reply, await engine.operations.restart(request));
      },
    );
    api.post(
      '/executions/:execution_id/retry',
      {
        config: { quota: 'starts' },
        schema: { ...begun, summary: 'Begin a failed execution again at what failed, as a new one' },
      },
      async ({ params: { execution_id: executionId }, headers: { 'idempotency-key': key }, userId }, reply) => {
        await runs.requireOwn(executionId);
        const newId = newIdOf(userId, `retry ${executionId}`, key);
        return answer(reply, await engine.operations.retry({ executionId, newId, startedBy: userId }));
      },
    );
    api.post(
      '/executions/:execution_id/move',
      {
        schema: {
          tags: ['executions'],
          summary: 'Let an execution go on under another definition of its workflow',
          params: oneExecution.params,
          body: moveRequestSchema,
          response: { 200: moveResponseSchema, 400: errorResponseSchema, 404: errorResponseSchema, 409: errorResponseSchema },
        },
      },
      async ({ params: { execution_id }, body: { definition_digest: digest, dry_run }, userId }) => {
        findExecution(parts, execution_id);
        const { compatible, matched, divergesAt } = await engine.operations.rehearseMove(execution_id, digest);
        if (!dry_run) await engine.operations.move(execution_id, digest, userId);
        return { execution_id, moved: !dry_run, compatible, matched, diverges_at: divergesAt };
      },
    );
  };
}
