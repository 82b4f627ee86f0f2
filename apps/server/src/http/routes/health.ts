import {
  type Readiness,
  type ServerHealth,
  errorResponseSchema,
  readinessSchema,
  serverHealthSchema,
} from '@loopwright/protocol';
import type { EdgeWalls } from '../../programs/edge-walls.ts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';

/** Where the state of the process comes from. */
export interface HealthSource {
  health(): ServerHealth;
}

/** `/health`: what runs and how; `/ready`: whether work can be taken. */
export function healthRoutes({ health, walls }: { health: HealthSource; walls: EdgeWalls }): FastifyPluginAsyncZod {
  return async (app) => {
    app.get(
      '/health',
      { schema: { tags: ['health'], summary: 'What runs, and how', response: { 200: serverHealthSchema } } },
      async () => withEdge(health.health(), await walls.told()),
    );
    app.get(
      '/ready',
      {
        schema: {
          tags: ['health'],
          summary: 'Whether work can be taken',
          response: { 200: readinessSchema, 503: errorResponseSchema.or(readinessSchema) },
        },
      },
      async (_request, reply) => {
        const readiness = readinessOf(health.health());
        return reply.status(readiness.ready ? 200 : 503).send(readiness);
      },
    );
  };
}

/** An edge that runs no programs, or not all of them, is a part that is not well. */
function withEdge(health: ServerHealth, edge: NonNullable<ServerHealth['edge']> | null): ServerHealth {
  const isWell = edge === null || (edge.status === 'healthy' && edge.refusal === null);
  return { ...health, status: isWell ? health.status : 'degraded', edge };
}

function readinessOf({ store_fault: fault, policy_fault: policyFault, modules }: ServerHealth): Readiness {
  const checks = [
    { name: 'store', ready: fault === undefined, reason: fault ?? null },
    // Gates go by the policies before: that is worth knowing, and no reason to take no work.
    ...(policyFault === undefined ? [] : [{ name: 'policies', ready: true, reason: policyFault }]),
    ...modules.map(({ id, status, required, last_exit }) => ({
      name: `module ${id}`,
      ready: !required || status === 'running',
      reason:
        status === 'running' ? null : `it is ${status}${last_exit === null ? '' : `; it ended before: ${last_exit.reason}`}`,
    })),
  ];
  return { ready: checks.every(({ ready }) => ready), checks };
}
