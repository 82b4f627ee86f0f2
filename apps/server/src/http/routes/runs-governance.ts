import { runGovernanceSchema } from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { AppParts } from '../app.ts';
import { oneRun } from './run-schemas.ts';

/** What the gates of the phases of a run said. */
export function runGovernanceRoutes({ runs, governance }: Pick<AppParts, 'runs' | 'governance'>): FastifyPluginAsyncZod {
  return async (api) => {
    api.get(
      '/runs/:run_id/governance',
      {
        schema: {
          tags: ['runs'],
          summary: 'The gates of each phase of a run, and the policy in effect with the layer of each value',
          params: oneRun.params,
          response: { 200: runGovernanceSchema, ...oneRun.refused },
        },
      },
      async ({ params: { run_id } }) => governance.ofRun(await runs.find(run_id)),
    );
  };
}
