import { type EdgeRolloutFigures, programNameSchema } from '@loopwright/protocol';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { checkToken } from './check-token.ts';
import type { EdgeParts } from './edge-parts.ts';

const paramsSchema = z.object({ task_id: programNameSchema });

/** `GET /tasks/:task_id/rollout`: what the rollout of a program has counted so far. For the orchestrator only: the answer shows inputs. */
export function rolloutRoute(app: FastifyInstance, parts: EdgeParts): void {
  app.get('/tasks/:task_id/rollout', async (request): Promise<{ rollout: EdgeRolloutFigures | null }> => {
    checkToken(request, parts, 'show the rollout');
    return { rollout: await parts.rollouts.figures(paramsSchema.parse(request.params).task_id) };
  });
}
