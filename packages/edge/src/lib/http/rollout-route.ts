import { type EdgeRolloutFigures, programNameSchema } from '@loopwright/protocol';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { checkToken } from './check-token.ts';
import type { EdgeParts } from './edge-parts.ts';

const paramsSchema = z.object({ task_id: programNameSchema });

/** `GET /tasks/:task_id/rollout`: what the rollout of a program has counted so far. For the orchestrator only: the answer shows inputs. */
export function rolloutRoute(app: FastifyInstance, { rollouts, authToken }: EdgeParts): void {
  app.get('/tasks/:task_id/rollout', async ({ headers, params }): Promise<{ rollout: EdgeRolloutFigures | null }> => {
    checkToken(headers.authorization, authToken, 'show the rollout');
    return { rollout: await rollouts.figures(paramsSchema.parse(params).task_id) };
  });
}
