import { ACTIVE_ALIAS, aliasNameSchema, programNameSchema } from '@loopwright/protocol';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { checkToken } from './check-token.ts';
import type { EdgeParts } from './edge-parts.ts';

const paramsSchema = z.object({ task_id: programNameSchema });
const bodySchema = z.looseObject({ alias: aliasNameSchema.default(ACTIVE_ALIAS) }).nullish();

/**
 * `POST /tasks/:task_id/refresh`: makes the edge look at the active version now, or at the alias that the body names, and at the rollout of that. Answers when the
 * version there is the one that serves; `null`: there is no such alias (any more).
 */
export function refreshRoute(app: FastifyInstance, parts: EdgeParts): void {
  app.post('/tasks/:task_id/refresh', (request) => {
    checkToken(request, parts, 'refresh the program');
    const alias = bodySchema.parse(request.body)?.alias ?? ACTIVE_ALIAS;
    return refresh(parts, paramsSchema.parse(request.params).task_id, alias);
  });
}

async function refresh({ programs, rollouts }: EdgeParts, taskId: string, alias: string): Promise<object> {
  const metadata = (await programs.refreshAlias(taskId, alias))?.metadata;
  await rollouts.refresh(taskId, alias);
  return { task_id: taskId, alias, active_version: metadata?.version ?? null, digest: metadata?.digest ?? null };
}
