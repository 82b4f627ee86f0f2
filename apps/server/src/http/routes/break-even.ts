import {
  PlatformError,
  breakEvenQuerySchema,
  breakEvenSchema,
  errorResponseSchema,
  programNameSchema,
} from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type BreakEvenParts, breakEven } from '../../money/break-even.ts';
import type { AppParts } from '../app.ts';

/** `/programs/{name}/break-even`: what a program saves against asking a model at each request. */
export function breakEvenRoutes({
  programs,
  money,
}: Pick<AppParts, 'programs'> & { readonly money: BreakEvenParts }): FastifyPluginAsyncZod {
  return async (api) => {
    api.get(
      '/programs/:name/break-even',
      {
        schema: {
          tags: ['programs'],
          summary: 'After how many requests a program is cheaper than asking a model each time',
          params: z.object({ name: programNameSchema }),
          querystring: breakEvenQuerySchema,
          response: { 200: breakEvenSchema, 400: errorResponseSchema, 404: errorResponseSchema },
        },
      },
      async ({ params: { name }, query }) => {
        const versions = await programs.versions(name);
        const metadata =
          query.version === undefined ? versions.at(-1) : versions.find(({ version }) => version === query.version);
        if (metadata === undefined)
          throw new PlatformError('ARTIFACT_NOT_FOUND', `Cannot find version ${query.version} of "${name}"`);
        const slash = query.model.indexOf('/');
        return breakEven(money, {
          metadata,
          provider: query.model.slice(0, slash),
          model: query.model.slice(slash + 1),
          requestsPerDay: query.requests_per_day,
          inputTokens: query.input_tokens,
          outputTokens: query.output_tokens,
        });
      },
    );
  };
}
