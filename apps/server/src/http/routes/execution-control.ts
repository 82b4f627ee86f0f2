import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AppParts } from '../app.ts';
import { executionView } from '../execution-view.ts';
import { oneExecution } from './execution-schemas.ts';

/** Cancel, pause and resume of one execution. */
export function executionControlRoutes({ engine }: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    const body = z.strictObject({ reason: z.string().max(1000).optional() }).nullish();
    api.post(
      '/executions/:execution_id/cancel',
      { schema: { ...oneExecution, summary: 'End an execution for good', body } },
      async ({ params: { execution_id }, userId, body: given }) =>
        executionView(engine.read, await engine.cancel(execution_id, { who: userId, reason: given?.reason ?? null })),
    );
    api.post(
      '/executions/:execution_id/pause',
      { schema: { ...oneExecution, summary: 'Stop an execution before its next step' } },
      async ({ params: { execution_id }, userId }) => executionView(engine.read, await engine.pause(execution_id, userId)),
    );
    api.post(
      '/executions/:execution_id/resume',
      { schema: { ...oneExecution, summary: 'Let a paused execution go on' } },
      async ({ params: { execution_id }, userId }) => executionView(engine.read, await engine.resume(execution_id, userId)),
    );
  };
}
