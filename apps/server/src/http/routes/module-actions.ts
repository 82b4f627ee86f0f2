import {
  errorResponseSchema,
  moduleActionSchema,
  moduleAnswerSchema,
  moduleChangesSchema,
  moduleNameSchema,
  moduleRequestSchema,
  moduleSchema,
  rotateSecretsSchema,
  rotationSchema,
} from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { callModule } from '../../modules/requests/call-module.ts';
import type { SupervisedModule } from '../../modules/supervised-module.ts';
import { moduleView } from '../../modules/module-view.ts';
import type { AppParts } from '../app.ts';

const params = z.object({ name: moduleNameSchema });
const refused = { 400: errorResponseSchema, 404: errorResponseSchema, 409: errorResponseSchema };
const unreachable = { 502: errorResponseSchema, 503: errorResponseSchema, 504: errorResponseSchema };

/** What can be done with a module: the last part of its path, and what it means. */
const ACTIONS: Readonly<Record<string, { readonly summary: string; readonly run: (module: SupervisedModule) => unknown }>> = {
  start: {
    summary: 'Start a module that does not run, or give one that was drained its requests again; answers at once',
    run: (module) => module.start(),
  },
  stop: {
    summary: 'Let a module finish what is under way and end it; answers when it has ended',
    run: (module) => module.stop(),
  },
  restart: {
    summary: 'End a module and start it again; requests wait meanwhile; answers at once',
    run: (module) => module.restart(),
  },
  replace: {
    summary: 'Put a new run in the place of the one that serves, and refuse no request; answers when the new one serves',
    run: (module) => module.replace(),
  },
  drain: {
    summary: 'Give a module no more requests; it goes on to run; answers at once',
    run: (module) => module.drain(),
  },
};

/** `/modules/{name}/…`: what people do with modules. */
export function moduleActionRoutes({ supervisor }: Pick<AppParts, 'supervisor'>): FastifyPluginAsyncZod {
  return async (api) => {
    for (const [action, { summary, run }] of Object.entries(ACTIONS))
      api.post(
        `/modules/:name/${action}`,
        {
          schema: {
            tags: ['modules'],
            summary,
            params,
            body: moduleActionSchema.nullish().meta({ examples: [{ reason: 'a new version is installed' }] }),
            response: { 200: moduleSchema, ...refused, ...(action === 'replace' ? { 502: errorResponseSchema } : {}) },
          },
        },
        async ({ params: { name } }) => {
          const module = supervisor.module(name);
          await run(module);
          return moduleView(module);
        },
      );

    api.post(
      '/modules/reload',
      {
        schema: {
          tags: ['modules'],
          summary:
            'Read modules.yaml again, as SIGHUP does: start what is new, end what is gone, replace what is configured in another way',
          body: moduleActionSchema.nullish().meta({ examples: [{ reason: 'a module more' }] }),
          response: { 200: moduleChangesSchema, 400: errorResponseSchema, 500: errorResponseSchema },
        },
      },
      async () => supervisor.reload(),
    );

    api.post(
      '/modules/:name/rotate',
      {
        schema: {
          tags: ['modules'],
          summary: 'Tell a module that secrets are new at their source, and wait for what it says',
          params,
          body: rotateSecretsSchema.meta({ examples: [{ names: ['API_KEY'] }] }),
          response: { 200: rotationSchema, 400: errorResponseSchema, 404: errorResponseSchema },
        },
      },
      async ({ params: { name }, body: { names } }) => {
        const outcome = await supervisor.module(name).rotate(names);
        return { status: outcome.status, message: outcome.status === 'error' ? outcome.message : null };
      },
    );

    api.post(
      '/modules/:name/request',
      {
        schema: {
          tags: ['modules'],
          summary: 'Ask a route of a module, over its channel or its port',
          params,
          body: moduleRequestSchema.meta({ examples: [{ method: 'GET', path: '/health' }] }),
          response: { 200: moduleAnswerSchema, ...refused, 403: errorResponseSchema, ...unreachable },
        },
      },
      async ({ params: { name }, body }) => callModule(supervisor, name, body),
    );
  };
}
