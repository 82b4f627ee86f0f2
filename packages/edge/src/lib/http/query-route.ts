import { PlatformError, executionQueryRequestSchema, programNameSchema } from '@loopwright/protocol';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { checkToken } from './check-token.ts';
import type { EdgeParts } from './edge-parts.ts';
import { untilGone } from './export-routes.ts';

const paramsSchema = z.object({ task_id: programNameSchema });
const MEMORY_MIB = 256;
const LIMITS = { rows: 10_000, characters: 8 * 1024 * 1024 };

/** `POST /tasks/:task_id/executions/query`: SQL over what was recorded, one query at a time. For the orchestrator, because inputs are shown. */
export function queryRoute(app: FastifyInstance, parts: EdgeParts): void {
  const { dataDir, jobs } = parts;
  app.post('/tasks/:task_id/executions/query', async (request, reply) => {
    checkToken(request, parts, 'ask about executions');
    const { task_id: taskId } = paramsSchema.parse(request.params);
    const { sql, from, to } = executionQueryRequestSchema.parse(request.body);
    if (!(await parts.programs.isKnown(taskId)))
      throw new PlatformError('PROGRAM_NOT_FOUND', `Cannot find the program "${taskId}"`);
    const days = { dir: dataDir, taskId, from, to, memoryMiB: MEMORY_MIB };
    return jobs.query({ kind: 'query', days, sql, limits: LIMITS }, untilGone(request, reply));
  });
}
