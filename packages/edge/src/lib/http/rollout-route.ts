import { ACTIVE_ALIAS, type EdgeRolloutFigures, aliasNameSchema, programNameSchema } from '@loopwright/protocol';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { checkToken } from './check-token.ts';
import type { EdgeParts } from './edge-parts.ts';

const paramsSchema = z.object({ task_id: programNameSchema });
const querySchema = z.object({ alias: aliasNameSchema.default(ACTIVE_ALIAS) });

/** `GET /tasks/:task_id/rollout?alias=`: what the rollout of an alias (left out: `active`) has counted so far. For the orchestrator only: the answer shows inputs. */
export function rolloutRoute(app: FastifyInstance, parts: EdgeParts): void {
  app.get('/tasks/:task_id/rollout', async (request): Promise<{ rollout: EdgeRolloutFigures | null }> => {
    checkToken(request, parts, 'show the rollout');
    const { alias } = querySchema.parse(request.query);
    return { rollout: await parts.rollouts.figures(paramsSchema.parse(request.params).task_id, alias) };
  });
}
