import { errorResponseSchema } from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Metrics } from '../../observability/metrics.ts';

/** `/metrics`: the figures of the process and of its executions, for Prometheus. */
export function metricsRoutes(metrics: Metrics): FastifyPluginAsyncZod {
  return async (app) => {
    const text = { description: 'Prometheus text format', content: { 'text/plain': { schema: z.string() } } };
    app.get(
      '/metrics',
      { schema: { tags: ['health'], summary: 'Figures for Prometheus', response: { 200: text, 500: errorResponseSchema } } },
      async (_request, reply) => reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metrics.text()),
    );
  };
}
