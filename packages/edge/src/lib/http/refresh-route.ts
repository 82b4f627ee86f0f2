import { programNameSchema } from '@loopwright/protocol';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { checkToken } from './check-token.ts';
import type { EdgeParts } from './edge-parts.ts';

const paramsSchema = z.object({ task_id: programNameSchema });

/** `POST /tasks/:task_id/refresh`: makes the edge look at the active version now. Answers when it is the one that serves. */
export function refreshRoute(app: FastifyInstance, parts: EdgeParts): void {
  app.post('/tasks/:task_id/refresh', (request) => {
    checkToken(request, parts, 'refresh the program');
    return refresh(parts, paramsSchema.parse(request.params).task_id);
  });
}

async function refresh(
  { programs, rollouts }: EdgeParts,
  taskId: string,
): Promise<{ task_id: string; active_version: number; digest: string }> {
  const { metadata } = await programs.refresh(taskId);
  await rollouts.refresh(taskId);
  return { task_id: taskId, active_version: metadata.version, digest: metadata.digest };
}
