import { ACTIVE_ALIAS, type Json, PlatformError, executeRequestSchema, programNameSchema } from '@loopwright/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { isRefusal } from '../rollout/edge-rollout.ts';
import { KEY_CHARACTERS } from '../rollout/limits.ts';
import { type Execution, executeOnce } from '../serve/execute-once.ts';
import type { ServedAlias } from '../serve/served-programs.ts';
import type { ServedVersion } from '../serve/served-version.ts';
import type { EdgeParts } from './edge-parts.ts';
import { type BodyHandler, readingBody } from './read-body.ts';

/** A value that came out of `JSON.parse`, and is therefore JSON; walking through it again would cost more than running the program. */
export const parsedJsonSchema = z.custom<Json>((value) => value !== undefined, 'Required');

const bodySchema = z.strictObject({ ...executeRequestSchema.shape, input: parsedJsonSchema });
const taskBodySchema = bodySchema.omit({ task_id: true });
/** Requests with the same key are answered by the same version while a rollout is under way. */
const keySchema = z.object({ 'x-rollout-key': z.string().max(KEY_CHARACTERS).optional() });
const paramsSchema = z.object({ task_id: programNameSchema });

type Success = Extract<Execution, { status: 'success' }>;

/** `POST /execute` and `POST /tasks/:task_id/execute`: one input through the active version, or that of another alias. */
export function executeRoutes(app: FastifyInstance, parts: EdgeParts): void {
  const execute: BodyHandler = (request, reply, body) => {
    const { task_id: taskId, alias, input } = bodySchema.parse(body);
    return answer(parts, { taskId, alias, input, headers: request.headers }, reply);
  };
  const executeTask: BodyHandler = (request, reply, body) => {
    const { task_id: taskId } = paramsSchema.parse(request.params);
    const { alias, input } = taskBodySchema.parse(body);
    return answer(parts, { taskId, alias, input, headers: request.headers }, reply);
  };
  const routes = { '/execute': execute, '/tasks/:task_id/execute': executeTask };
  for (const [url, handle] of Object.entries(routes)) {
    const onRequest = readingBody(app, handle);
    app.post(url, { onRequest }, async (request, reply) => handle(request, reply, request.body));
  }
}

interface Call {
  readonly taskId: string | undefined;
  readonly alias: string | undefined;
  readonly input: Json;
  readonly headers: FastifyRequest['headers'];
}

async function answer(parts: EdgeParts, call: Call, reply: FastifyReply): Promise<FastifyReply> {
  const { taskId, alias = ACTIVE_ALIAS, input, headers } = call;
  const active = parts.programs.served(taskId, alias) ?? (await parts.programs.aliasVersion(taskId, alias));
  const rollout = parts.rollouts.of(active.metadata.task_id, alias);
  const lot = (): number => parts.random.next();
  const served = rollout?.choose(active, keySchema.parse(headers)['x-rollout-key'], lot) ?? active;
  let execution: Execution;
  try {
    execution = await executeOnce(served, input, parts.datasets.of(served.metadata.task_id), parts);
  } catch (error) {
    if (isRefusal(error)) rollout?.count(served, undefined);
    reply.headers(versionHeaders(served, alias));
    throw error;
  }
  if (rollout !== undefined) {
    rollout.count(served, execution);
    reply.raw.once('finish', () => rollout.mirror(served, input, execution, lot));
  }
  if (execution.status !== 'success') {
    const { task_id: name, version } = served.metadata;
    reply.headers({ ...versionHeaders(served, alias), 'x-execution-id': execution.id });
    throw new PlatformError('PROGRAM_FAILED', `Cannot run version ${version} of "${name}" on this input: ${execution.message}`, {
      details: { status: execution.status, execution_id: execution.id, latency_ms: execution.latencyMs },
    });
  }
  return sendOutput(reply, { served, alias }, execution);
}

/** Headers that name the version that answers, and the alias that led to it; `null`: the request named the version. */
export function versionHeaders({ metadata }: ServedVersion, alias: string | null): Record<string, string> {
  return {
    'x-program-version': String(metadata.version),
    'x-program-digest': metadata.digest,
    ...(alias === null ? {} : { 'x-program-alias': alias }),
  };
}

/** Past Fastify, which has nothing to add to it. */
function sendOutput(
  reply: FastifyReply,
  { served: { metadata }, alias }: ServedAlias,
  { id, outputJson, latencyMs }: Success,
): FastifyReply {
  const text = `{"output":${outputJson},"latency_ms":${JSON.stringify(latencyMs)}}`;
  const { raw } = reply.hijack();
  raw.writeHead(200, [
    'x-program-version',
    String(metadata.version),
    'x-program-digest',
    metadata.digest,
    'x-program-alias',
    alias,
    'x-execution-id',
    id,
    'content-type',
    'application/json; charset=utf-8',
    'content-length',
    String(Buffer.byteLength(text)),
  ]);
  raw.end(text);
  return reply;
}
