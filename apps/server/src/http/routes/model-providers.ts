import { errorResponseSchema, modelProvidersSchema } from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { describeModels } from '../../agents/describe-models.ts';
import type { AppParts } from '../app.ts';

/** `/model-providers`: whether those who ask models can, before anything is begun that does. */
export function modelProviderRoutes({ models, settings }: Pick<AppParts, 'models' | 'settings'>): FastifyPluginAsyncZod {
  return async (api) => {
    api.get(
      '/model-providers',
      {
        schema: {
          tags: ['health'],
          summary: 'Which providers of models are set up, and which models are asked; nobody is asked for it',
          response: { 200: modelProvidersSchema, 400: errorResponseSchema },
        },
      },
      async () => describeModels(models, settings),
    );
  };
}
