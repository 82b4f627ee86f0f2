import { checkpointComparisonSchema, checkpointDetailSchema, checkpointListSchema } from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AppParts } from '../app.ts';
import { numberPlace, pageOf, pageQuery } from '../manners/pages.ts';
import { oneRun } from './run-schemas.ts';

/** Checkpoints of a run: list, detail, comparison. */
export function runCheckpointRoutes({ runs, checkpoints }: Pick<AppParts, 'runs' | 'checkpoints'>): FastifyPluginAsyncZod {
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
          querystring: pageQuery,
          response: { 200: checkpointListSchema, ...oneRun.refused },
        },
      },
      async ({ params: { run_id }, query }) => {
        await runs.find(run_id);
        const numbered = [...(await checkpoints.list(run_id)).entries()];
        // None is ever removed: the number of one is its name.
        const { page, ...rest } = pageOf(numbered, query, { place: ([number]) => [number], schema: numberPlace });
        return { checkpoints: page.map(([, checkpoint]) => checkpoint), ...rest };
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
  };
}
