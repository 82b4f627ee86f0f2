import {
  type ExecutionResponse,
  acceptanceRequestSchema,
  clarificationRequestSchema,
  executionResponseSchema,
} from '@loopwright/protocol';
import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AppParts } from '../app.ts';
import { executionView } from '../execution-view.ts';
import { giveAnswer } from '../give-answer.ts';
import { idempotencyKeySchema } from '../idempotency.ts';
import { findExecution, oneExecution } from './execution-schemas.ts';

/** The two ways of answering that `seeds/004` has. 202: the answer is kept for a question that is not asked yet. */
export function executionAnswerRoutes(parts: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    const headers = z.looseObject({ 'idempotency-key': idempotencyKeySchema.optional() });
    const answered = { ...oneExecution, headers, response: { ...oneExecution.response, 202: executionResponseSchema } };
    const stateAfter = (reply: FastifyReply, id: string, outcome: 'answered' | 'buffered'): ExecutionResponse => {
      void reply.status(outcome === 'buffered' ? 202 : 200);
      return executionView(parts.engine, findExecution(parts, id));
    };

    api.post(
      '/executions/:execution_id/acceptance',
      { schema: { ...answered, summary: 'Decide about what is to be accepted', body: acceptanceRequestSchema } },
      async (request, reply) => {
        const { execution_id: executionId } = request.params;
        const outcome = await giveAnswer(parts, request, { executionId, kind: 'acceptance', body: request.body });
        return stateAfter(reply, executionId, outcome);
      },
    );
    api.post(
      '/executions/:execution_id/clarification',
      { schema: { ...answered, summary: 'Answer the questions of an execution', body: clarificationRequestSchema } },
      async (request, reply) => {
        const { execution_id: executionId } = request.params;
        const outcome = await giveAnswer(parts, request, { executionId, kind: 'clarification', body: request.body });
        return stateAfter(reply, executionId, outcome);
      },
    );
  };
}
