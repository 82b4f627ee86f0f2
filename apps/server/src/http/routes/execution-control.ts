import { budgetAdditionRequestSchema } from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AppParts } from '../app.ts';
import { executionView } from '../execution-view.ts';
import { idempotencyKeySchema } from '../idempotency.ts';
import { oneExecution } from './execution-schemas.ts';

/** Cancel, pause and resume of one execution, and more of what it may use. */
export function executionControlRoutes({ engine, random }: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    const body = z
      .strictObject({ reason: z.string().max(1000).optional() })
      .nullish()
      .meta({ examples: [{ reason: 'Started by mistake' }] });
    api.post(
      '/executions/:execution_id/cancel',
      { schema: { ...oneExecution, summary: 'End an execution for good', body } },
      async ({ params: { execution_id }, userId, body: given }) =>
        executionView(engine, await engine.cancel(execution_id, { who: userId, reason: given?.reason ?? null })),
    );
    api.post(
      '/executions/:execution_id/pause',
      { schema: { ...oneExecution, summary: 'Stop an execution before its next step' } },
      async ({ params: { execution_id }, userId }) => executionView(engine, await engine.pause(execution_id, userId)),
    );
    api.post(
      '/executions/:execution_id/resume',
      { schema: { ...oneExecution, summary: 'Let a paused execution go on' } },
      async ({ params: { execution_id }, userId }) => executionView(engine, await engine.resume(execution_id, userId)),
    );
    const headers = z.looseObject({ 'idempotency-key': idempotencyKeySchema.optional() });
    const summary = 'Add to the budget of an execution; one that was paused because it is used up goes on';
    api.post(
      '/executions/:execution_id/budget',
      { schema: { ...oneExecution, summary, headers, body: budgetAdditionRequestSchema } },
      async ({ params: { execution_id }, userId: who, headers: given, body: { add } }) => {
        const key = given['idempotency-key'];
        const additionId = key === undefined ? random.uuid() : JSON.stringify([who, key]);
        return executionView(engine, await engine.addBudget(execution_id, add, { who, additionId }));
      },
    );
  };
}
