import { type Rollback, rollbackListSchema, rollbackRequestSchema, rollbackSchema } from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AppParts } from '../app.ts';
import { type Place, pageOf, pageQuery, timePlace } from '../manners/pages.ts';
import { oneRun } from './run-schemas.ts';

/** The way of a run back to one of its checkpoints, and the list of those that were taken. */
export function runRollbackRoutes({ runs, rollbacks }: Pick<AppParts, 'runs' | 'rollbacks'>): FastifyPluginAsyncZod {
  return async (api) => {
    api.post(
      '/runs/:run_id/checkpoints/:checkpoint_id/rollback',
      {
        schema: {
          tags: ['runs'],
          params: oneRun.params.extend({ checkpoint_id: z.string().min(1).max(200) }),
          summary: 'Put a run back to a checkpoint; what came after it is archived',
          body: rollbackRequestSchema.nullish().meta({ examples: [{ reason: 'The plan has changed' }] }),
          response: { 200: rollbackSchema, ...oneRun.refused },
        },
      },
      async ({ params: { run_id, checkpoint_id }, body, userId: by, headers: { 'idempotency-key': key } }) =>
        rollbacks.rollBack(run_id, checkpoint_id, {
          by,
          // A list of values is refused before: the header is a single one.
          key: typeof key === 'string' ? key : undefined,
          reason: body?.reason ?? null,
        }),
    );

    api.get(
      '/runs/:run_id/rollbacks',
      {
        schema: {
          tags: ['runs'],
          summary: 'The rollbacks of a run and what each of them archived, the oldest first',
          params: oneRun.params,
          querystring: pageQuery,
          response: { 200: rollbackListSchema, ...oneRun.refused },
        },
      },
      async ({ params: { run_id }, query }) => {
        await runs.find(run_id);
        const list = await rollbacks.list(run_id);
        const place = ({ created_at, rollback_id }: Rollback): Place => [Date.parse(created_at), rollback_id];
        const { page, ...rest } = pageOf(list, query, { place, schema: timePlace });
        return { rollbacks: page, ...rest };
      },
    );
  };
}
