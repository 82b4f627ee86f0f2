import {
  checkpointComparisonSchema,
  checkpointDetailSchema,
  checkpointListSchema,
  rollbackListSchema,
  rollbackRequestSchema,
  rollbackSchema,
} from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AppParts } from '../app.ts';
import { oneRun } from './run-schemas.ts';

/** Checkpoints of a run: list, detail, comparison, and the way back to one. */
export function runCheckpointRoutes({
  runs,
  checkpoints,
  rollbacks,
}: Pick<AppParts, 'runs' | 'checkpoints' | 'rollbacks'>): FastifyPluginAsyncZod {
  return async (api) => {
    const id = z.string().min(1).max(200);
    const one = { tags: ['runs'], params: oneRun.params.extend({ checkpoint_id: id }) };

    api.get(
      '/runs/:run_id/checkpoints',
      {
        schema: {
          tags: ['runs'],
          summary: 'The checkpoints of a run, the oldest first',
          params: oneRun.params,
          response: { 200: checkpointListSchema, ...oneRun.refused },
        },
      },
      async ({ params: { run_id } }) => {
        await runs.find(run_id);
        const list = await checkpoints.list(run_id);
        return { checkpoints: list, total: list.length };
      },
    );

    api.get(
      '/runs/:run_id/checkpoints/compare',
      {
        schema: {
          tags: ['runs'],
          summary: 'What two checkpoints of a run differ in',
          params: oneRun.params,
          querystring: z.object({ from: id, to: id }),
          response: { 200: checkpointComparisonSchema, ...oneRun.refused },
        },
      },
      async ({ params: { run_id }, query }) => {
        await runs.find(run_id);
        return checkpoints.compare(run_id, query);
      },
    );

    api.get(
      '/runs/:run_id/checkpoints/:checkpoint_id',
      {
        schema: {
          ...one,
          summary: 'One checkpoint with its files',
          response: { 200: checkpointDetailSchema, ...oneRun.refused },
        },
      },
      async ({ params: { run_id, checkpoint_id } }) => {
        await runs.find(run_id);
        return checkpoints.detail(run_id, checkpoint_id);
      },
    );

    api.post(
      '/runs/:run_id/checkpoints/:checkpoint_id/rollback',
      {
        schema: {
          ...one,
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
          summary: 'The rollbacks of a run, and what each of them archived',
          params: oneRun.params,
          response: { 200: rollbackListSchema, ...oneRun.refused },
        },
      },
      async ({ params: { run_id } }) => {
        await runs.find(run_id);
        const list = await rollbacks.list(run_id);
        return { rollbacks: list, total: list.length };
      },
    );
  };
}
