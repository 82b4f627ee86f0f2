import { runDetailSchema } from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AppParts } from '../app.ts';
import { keyHeader, oneRun } from './run-schemas.ts';

/** Cancel, pause, resume and retry of one run. */
export function runControlRoutes({ runs }: Pick<AppParts, 'runs'>): FastifyPluginAsyncZod {
  return async (api) => {
    const one = { tags: ['runs'], params: oneRun.params, response: { 200: runDetailSchema, ...oneRun.refused } };
    const body = z
      .strictObject({ reason: z.string().max(1000).optional() })
      .nullish()
      .meta({ examples: [{ reason: 'No longer needed' }] });
    api.post(
      '/runs/:run_id/cancel',
      { schema: { ...one, summary: 'End a run for good', body } },
      async ({ params: { run_id }, userId: by, body: given }) => runs.cancel(run_id, { by, reason: given?.reason ?? null }),
    );
    api.post(
      '/runs/:run_id/pause',
      { schema: { ...one, summary: 'Stop a run before its next step' } },
      async ({ params: { run_id }, userId }) => runs.pause(run_id, userId),
    );
    api.post(
      '/runs/:run_id/resume',
      { schema: { ...one, summary: 'Let a paused run go on' } },
      async ({ params: { run_id }, userId }) => runs.resume(run_id, userId),
    );
    api.post(
      '/runs/:run_id/retry',
      { schema: { ...one, headers: keyHeader, summary: 'Try again what made a run fail' } },
      async ({ params: { run_id }, userId: by, headers: { 'idempotency-key': key } }) => runs.retry(run_id, { by, key }),
    );
  };
}
