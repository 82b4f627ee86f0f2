import { type Json, PlatformError, executeRequestSchema, programNameSchema } from '@loopwright/protocol';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { executeOnce } from '../serve/execute-once.ts';
import type { EdgeParts } from './edge-parts.ts';

/** A value that came out of `JSON.parse`, and is therefore JSON; walking through it again would cost more than running the program. */
export const parsedJsonSchema = z.custom<Json>((value) => value !== undefined, 'Required');

const bodySchema = z.object({ task_id: executeRequestSchema.shape.task_id, input: parsedJsonSchema });
const taskBodySchema = bodySchema.pick({ input: true });
const paramsSchema = z.object({ task_id: programNameSchema });

/** `POST /execute` and `POST /tasks/:task_id/execute`: one input through the active version. */
export function executeRoutes(app: FastifyInstance, parts: EdgeParts): void {
  app.post('/execute', async (request, reply) => {
    const { task_id: taskId, input } = bodySchema.parse(request.body);
    return execute(parts, taskId, input, reply);
  });
  app.post('/tasks/:task_id/execute', async (request, reply) => {
    const { task_id: taskId } = paramsSchema.parse(request.params);
    return execute(parts, taskId, taskBodySchema.parse(request.body).input, reply);
  });
}

async function execute(parts: EdgeParts, taskId: string | undefined, input: Json, reply: FastifyReply): Promise<FastifyReply> {
  const served = await parts.programs.activeVersion(taskId);
  const { task_id: name, version, digest } = served.metadata;
  reply.header('x-program-version', version).header('x-program-digest', digest);
  const execution = await executeOnce(served, input, await parts.datasets.of(name), parts);
  reply.header('x-execution-id', execution.id);
  if (execution.status !== 'success') {
    throw new PlatformError('PROGRAM_FAILED', `Cannot run version ${version} of "${name}" on this input: ${execution.message}`, {
      details: { status: execution.status, execution_id: execution.id, latency_ms: execution.latencyMs },
    });
  }
  return reply
    .type('application/json; charset=utf-8')
    .send(`{"output":${execution.outputJson},"latency_ms":${JSON.stringify(execution.latencyMs)}}`);
}
