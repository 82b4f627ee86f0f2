import { type ServerHealth, errorResponseSchema, serverHealthSchema } from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';

/** Where the state of the process comes from. */
export interface HealthSource {
  health(): ServerHealth;
}

/** `/health`: what runs and how; `/ready`: whether work can be taken. */
export function healthRoutes({ health }: { health: HealthSource }): FastifyPluginAsyncZod {
  return async (app) => {
    app.get(
      '/health',
      { schema: { tags: ['health'], summary: 'What runs, and how', response: { 200: serverHealthSchema } } },
      async () => health.health(),
    );
    app.get(
      '/ready',
      {
        schema: {
          tags: ['health'],
          summary: 'Whether work can be taken',
          response: { 200: z.object({ ready: z.boolean() }), 503: errorResponseSchema.or(z.object({ ready: z.boolean() })) },
        },
      },
      async (_request, reply) => {
        const ready = health.health().status === 'healthy';
        return reply.status(ready ? 200 : 503).send({ ready });
      },
    );
  };
}
