import {
  type BatchExecuteResponse,
  PlatformError,
  batchExecuteRequestSchema,
  isoTime,
  refuseDoubledIds,
} from '@loopwright/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { ExecutionLog } from '../dataset/execution-log.ts';
import { executeAsAsked } from '../serve/asked-execution.ts';
import { executeOnce } from '../serve/execute-once.ts';
import type { ServedVersion } from '../serve/served-version.ts';
import type { EdgeParts } from './edge-parts.ts';
import { parsedJsonSchema, versionHeaders } from './execute-routes.ts';
import { BATCH_BODY_LIMIT_BYTES } from './limits.ts';

const itemSchema = batchExecuteRequestSchema.shape.items.element.extend({ input: parsedJsonSchema });
const bodySchema = batchExecuteRequestSchema.extend({
  items: z.array(itemSchema).min(1).max(100_000).superRefine(refuseDoubledIds),
});
type Body = z.infer<typeof bodySchema>;
type Result = BatchExecuteResponse['results'][number];

/**
 * `POST /batch/execute`: many inputs through one stored version. The results are in the order of the items. After the first error with
 * `stop_on_first_error` no further item is begun, and those that were not begun have no result.
 */
export function batchRoute(app: FastifyInstance, parts: EdgeParts): void {
  for (const path of ['/batch/execute', '/api/v1/batch/execute'])
    app.post(path, { bodyLimit: BATCH_BODY_LIMIT_BYTES }, (request, reply) => executeBatch(parts, request, reply));
}

async function executeBatch(parts: EdgeParts, request: FastifyRequest, reply: FastifyReply): Promise<BatchExecuteResponse> {
  const body = bodySchema.parse(request.body);
  const { served, alias } = await parts.programs.choose(body.task_id, body);
  // Also of an answer that is an error.
  reply.headers(versionHeaders(served, alias));
  const log = body.log ? await parts.datasets.of(body.task_id) : undefined;
  const startedAt = parts.clock.now();
  const start = performance.now();
  const results = await runItems(body, (item) => runItem({ served, log, timeoutMs: body.timeout_ms }, item, parts));
  const successes = results.filter(({ success }) => success);
  const latencySum = successes.reduce((sum, { latency_ms }) => sum + latency_ms, 0);
  return {
    batch_id: parts.random.uuid(),
    task_id: body.task_id,
    version: served.metadata.version,
    alias,
    total_items: body.items.length,
    success_count: successes.length,
    failure_count: results.length - successes.length,
    total_duration_ms: Math.round((performance.now() - start) * 1000) / 1000,
    avg_latency_ms: successes.length === 0 ? 0 : latencySum / successes.length,
    results,
    started_at: isoTime(startedAt),
    completed_at: isoTime(parts.clock.now()),
  };
}

/** Runs the items, `max_concurrency` at a time. */
async function runItems(body: Body, run: (item: Body['items'][number]) => Promise<Result>): Promise<Result[]> {
  const results: (Result | undefined)[] = [];
  let next = 0;
  let isStopped = false;
  const work = async (): Promise<void> => {
    for (let index = next; index < body.items.length && !isStopped; index = next) {
      next += 1;
      const item = body.items[index];
      if (item === undefined) return;
      const result = await run(item);
      results[index] = result;
      if (!result.success && body.stop_on_first_error) isStopped = true;
    }
  };
  await Promise.all(Array.from({ length: body.max_concurrency }, work));
  return results.filter((result) => result !== undefined);
}

interface ItemContext {
  readonly served: ServedVersion;
  readonly log: ExecutionLog | undefined;
  readonly timeoutMs: number | undefined;
}

async function runItem(
  { served, log, timeoutMs }: ItemContext,
  { id, input, force_validation: forceValidation }: Body['items'][number],
  parts: EdgeParts,
): Promise<Result> {
  try {
    const { execution, record } = await executeAsAsked(parts, { forceValidation, timeoutMs }, (tools) =>
      executeOnce(served, input, log, tools),
    );
    const result = {
      id,
      execution_id: log === undefined ? null : execution.id,
      latency_ms: execution.latencyMs,
      sampled_for_validation: record?.sampled_for_validation ?? false,
    };
    if (execution.status === 'success') return { ...result, success: true, output: execution.output };
    return { ...result, success: false, error_message: execution.message };
  } catch (error) {
    if (!(error instanceof PlatformError) || error.code !== 'VALIDATION_ERROR') throw error;
    return { id, execution_id: null, success: false, error_message: error.message, latency_ms: 0, sampled_for_validation: false };
  }
}
