import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { ACTIVE_ALIAS, type Json, PlatformError, executeRequestSchema, programNameSchema } from '@loopwright/protocol';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { isRefusal } from '../rollout/edge-rollout.ts';
import { KEY_CHARACTERS } from '../rollout/limits.ts';
import { type Execution, executeOnce } from '../serve/execute-once.ts';
import type { ServedAlias } from '../serve/served-programs.ts';
import type { ServedVersion } from '../serve/served-version.ts';
import type { EdgeParts } from './edge-parts.ts';
import type { BodyHandler, PlainPosts } from './plain-posts.ts';

/** A value that came out of `JSON.parse`, and is therefore JSON; walking through it again would cost more than running the program. */
export const parsedJsonSchema = z.custom<Json>((value) => value !== undefined, 'Required');

const bodySchema = z.strictObject({ ...executeRequestSchema.shape, input: parsedJsonSchema });
const taskBodySchema = bodySchema.omit({ task_id: true });
/** Requests with the same key are answered by the same version while a rollout is under way. */
const keySchema = z.object({ 'x-rollout-key': z.string().max(KEY_CHARACTERS).optional() });
const paramsSchema = z.object({ task_id: programNameSchema });

type Success = Extract<Execution, { status: 'success' }>;

const TASK_PATH = /^\/tasks\/([^/?]+)\/execute$/u;

/**
 * `POST /execute` and `POST /tasks/:task_id/execute`: one input through the active version, or that of another alias. Gives what answers them past
 * Fastify (`answerPlainPosts`).
 */
export function executeRoutes(app: FastifyInstance, parts: EdgeParts): PlainPosts['handlerOf'] {
  const execute: BodyHandler = ({ headers }, response, body) => answer(parts, { headers, body }, response);
  app.post('/execute', async (request, reply) => {
    await execute(request.raw, reply.raw, request.body);
    return reply;
  });
  app.post('/tasks/:task_id/execute', async ({ params, headers, body }, reply) => {
    const { task_id: taskId } = paramsSchema.parse(params);
    await answer(parts, { taskId, headers, body }, reply.raw);
    return reply;
  });
  return ({ url = '' }) => {
    if (url === '/execute') return execute;
    const { data: taskId } = programNameSchema.safeParse(TASK_PATH.exec(url)?.[1]);
    return taskId === undefined ? undefined : ({ headers }, response, body) => answer(parts, { taskId, headers, body }, response);
  };
}

interface Call {
  /** Of the path; left out: the body may name it. */
  readonly taskId?: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

async function answer(parts: EdgeParts, { taskId: ofPath, headers, body }: Call, response: ServerResponse): Promise<void> {
  const asked = ofPath === undefined ? bodySchema.parse(body) : { task_id: ofPath, ...taskBodySchema.parse(body) };
  const { task_id: taskId, alias = ACTIVE_ALIAS, input } = asked;
  const active = parts.programs.served(taskId, alias) ?? (await parts.programs.aliasVersion(taskId, alias));
  const rollout = parts.rollouts.of(active.metadata.task_id, alias);
  const lot = (): number => parts.random.next();
  const served = rollout?.choose(active, keySchema.parse(headers)['x-rollout-key'], lot) ?? active;
  let execution: Execution;
  try {
    execution = await executeOnce(served, input, parts.datasets.of(served.metadata.task_id), parts);
  } catch (error) {
    if (isRefusal(error)) rollout?.count(served, undefined);
    response.setHeaders(new Map(Object.entries(versionHeaders(served, alias))));
    throw error;
  }
  if (rollout !== undefined) {
    rollout.count(served, execution);
    response.once('finish', () => rollout.mirror(served, input, execution, lot));
  }
  if (execution.status !== 'success') {
    const { task_id: name, version } = served.metadata;
    response.setHeaders(new Map(Object.entries({ ...versionHeaders(served, alias), 'x-execution-id': execution.id })));
    throw new PlatformError('PROGRAM_FAILED', `Cannot run version ${version} of "${name}" on this input: ${execution.message}`, {
      details: { status: execution.status, execution_id: execution.id, latency_ms: execution.latencyMs },
    });
  }
  sendOutput(response, { served, alias }, execution);
}

/** Headers that name the version that answers, and the alias that led to it; `null`: the request named the version. */
export function versionHeaders({ metadata }: ServedVersion, alias: string | null): Record<string, string> {
  return {
    'x-program-version': String(metadata.version),
    'x-program-digest': metadata.digest,
    ...(alias === null ? {} : { 'x-program-alias': alias }),
  };
}

function sendOutput(
  response: ServerResponse,
  { served: { metadata }, alias }: ServedAlias,
  { id, outputJson, latencyMs }: Success,
): void {
  const text = `{"output":${outputJson},"latency_ms":${JSON.stringify(latencyMs)}}`;
  response.writeHead(200, [
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
  response.end(text);
}
