import { type Json, PlatformError, executeRequestSchema, programNameSchema } from '@loopwright/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type EdgeRollout, isRefusal } from '../rollout/edge-rollout.ts';
import { KEY_CHARACTERS } from '../rollout/limits.ts';
import { type Execution, type ExecutionTools, executeOnce } from '../serve/execute-once.ts';
import type { ServedVersion } from '../serve/served-version.ts';
import type { EdgeParts } from './edge-parts.ts';

/** A value that came out of `JSON.parse`, and is therefore JSON; walking through it again would cost more than running the program. */
export const parsedJsonSchema = z.custom<Json>((value) => value !== undefined, 'Required');

const bodySchema = z.object({ task_id: executeRequestSchema.shape.task_id, input: parsedJsonSchema });
const taskBodySchema = bodySchema.pick({ input: true });
/** Requests with the same key are answered by the same version while a rollout is under way. */
const keySchema = z.object({ 'x-rollout-key': z.string().max(KEY_CHARACTERS).optional() });
const paramsSchema = z.object({ task_id: programNameSchema });

/** `POST /execute` and `POST /tasks/:task_id/execute`: one input through the active version. */
export function executeRoutes(app: FastifyInstance, parts: EdgeParts): void {
  app.post('/execute', async (request, reply) => {
    const { task_id: taskId, input } = bodySchema.parse(request.body);
    return execute(parts, { taskId, input, headers: request.headers }, reply);
  });
  app.post('/tasks/:task_id/execute', async (request, reply) => {
    const { task_id: taskId } = paramsSchema.parse(request.params);
    return execute(parts, { taskId, input: taskBodySchema.parse(request.body).input, headers: request.headers }, reply);
  });
}

interface Call {
  readonly taskId: string | undefined;
  readonly input: Json;
  readonly headers: FastifyRequest['headers'];
}

async function execute(parts: EdgeParts, { taskId, input, headers }: Call, reply: FastifyReply): Promise<FastifyReply> {
  const active = await parts.programs.activeVersion(taskId);
  const rollout = parts.rollouts.of(active.metadata.task_id);
  const lot = (): number => parts.random.next();
  const served = rollout?.choose(active, keySchema.parse(headers)['x-rollout-key'], lot) ?? active;
  const { task_id: name, version, digest } = served.metadata;
  reply.header('x-program-version', version).header('x-program-digest', digest);
  const execution = await executeCounted(parts, { served, input, rollout });
  reply.header('x-execution-id', execution.id);
  if (rollout !== undefined) reply.raw.once('finish', () => rollout.mirror(served, input, execution, lot));
  if (execution.status !== 'success') {
    throw new PlatformError('PROGRAM_FAILED', `Cannot run version ${version} of "${name}" on this input: ${execution.message}`, {
      details: { status: execution.status, execution_id: execution.id, latency_ms: execution.latencyMs },
    });
  }
  return reply
    .type('application/json; charset=utf-8')
    .send(`{"output":${execution.outputJson},"latency_ms":${JSON.stringify(execution.latencyMs)}}`);
}

/** Runs an input, and counts it for the rollout that chose the version; its errors are those of {@link executeOnce}. */
export async function executeCounted(
  parts: Pick<EdgeParts, 'datasets'> & ExecutionTools,
  { served, input, rollout }: { served: ServedVersion; input: Json; rollout: EdgeRollout | undefined },
): Promise<Execution> {
  const log = await parts.datasets.of(served.metadata.task_id);
  if (rollout === undefined) return executeOnce(served, input, log, parts);
  try {
    const execution = await executeOnce(served, input, log, parts);
    rollout.count(served, execution);
    return execution;
  } catch (error) {
    if (isRefusal(error)) rollout.count(served, undefined);
    throw error;
  }
}
