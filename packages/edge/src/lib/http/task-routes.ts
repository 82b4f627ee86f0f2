import {
  type BatchValidateRequest,
  type BatchValidateResponse,
  type ExecutionRecord,
  PlatformError,
  type TaskExecuteResponse,
  batchValidateRequestSchema,
  isoTime,
  programNameSchema,
  refuseDoubledIds,
  taskExecuteRequestSchema,
} from '@loopwright/protocol';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { isRefusal } from '../rollout/edge-rollout.ts';
import { KEY_CHARACTERS } from '../rollout/limits.ts';
import { executeAsAsked } from '../serve/asked-execution.ts';
import { type Execution, executeOnce } from '../serve/execute-once.ts';
import type { ServedVersion } from '../serve/served-version.ts';
import { type Comparison, compareOutputs } from '../validation/compare.ts';
import { mismatchOf } from '../validation/mismatch.ts';
import type { EdgeParts } from './edge-parts.ts';
import { parsedJsonSchema, versionHeaders } from './execute-routes.ts';
import { TURN_MS, VALIDATE_BODY_LIMIT_BYTES } from './limits.ts';

const paramsSchema = z.object({ task_id: programNameSchema });
const keySchema = z.object({ 'x-rollout-key': z.string().max(KEY_CHARACTERS).optional() });
const bodySchema = taskExecuteRequestSchema.extend({ input: parsedJsonSchema });
const validatedItemSchema = batchValidateRequestSchema.shape.items.element.extend({
  input: parsedJsonSchema,
  output: parsedJsonSchema,
  expected_output: parsedJsonSchema,
});
const validateSchema = batchValidateRequestSchema.extend({
  items: z.array(validatedItemSchema).min(1).max(10_000).superRefine(refuseDoubledIds),
});

/** The source's later API (`reference/domain.md` §3.5): `POST /api/v1/tasks/:task_id/execute` and `POST /api/v1/batch/validate`. */
export function taskRoutes(app: FastifyInstance, parts: EdgeParts): void {
  app.post('/api/v1/tasks/:task_id/execute', (request, reply) => execute(parts, request, reply));
  app.post('/api/v1/batch/validate', { bodyLimit: VALIDATE_BODY_LIMIT_BYTES }, async (request) => {
    const body = validateSchema.parse(request.body);
    if (!(await parts.programs.isKnown(body.task_id)))
      throw new PlatformError('PROGRAM_NOT_FOUND', `Cannot find the program "${body.task_id}"`);
    return validateBatch(body, parts.watching.comparison);
  });
}

async function execute(parts: EdgeParts, request: FastifyRequest, reply: FastifyReply): Promise<TaskExecuteResponse> {
  const { task_id: taskId } = paramsSchema.parse(request.params);
  const body = bodySchema.parse(request.body);
  if (body.task_id !== undefined && body.task_id !== taskId)
    throw new PlatformError('VALIDATION_ERROR', `Cannot run "${taskId}": the body names "${body.task_id}"`, {
      details: { issues: [{ pointer: '/task_id', message: 'is not the task of the path' }] },
    });
  const lot = (): number => parts.random.next();
  const { served: active, alias } = await parts.programs.choose(taskId, body);
  // Whoever names a version takes part in no rollout.
  const rollout = alias === null ? undefined : parts.rollouts.of(taskId, alias);
  const served = rollout?.choose(active, keySchema.parse(request.headers)['x-rollout-key'], lot) ?? active;
  // Also of an answer that is an error.
  reply.headers(versionHeaders(served, alias));
  const asked = { forceValidation: body.force_validation, timeoutMs: body.timeout_ms };
  const log = parts.datasets.of(taskId);
  const { execution, record } = await executeAsAsked(parts, asked, (tools) => executeOnce(served, body.input, log, tools)).catch(
    (error: unknown) => {
      if (isRefusal(error)) rollout?.count(served, undefined);
      throw error;
    },
  );
  rollout?.count(served, execution);
  reply.header('x-execution-id', execution.id);
  if (rollout !== undefined) reply.raw.once('finish', () => rollout.mirror(served, body.input, execution, lot));
  return answerOf({ served, alias }, { execution, record, at: isoTime(parts.clock.now()) });
}

function answerOf(
  { served: { metadata }, alias }: { served: ServedVersion; alias: string | null },
  { execution, record, at }: { execution: Execution; record: ExecutionRecord | undefined; at: string },
): TaskExecuteResponse {
  return {
    execution_id: execution.id,
    task_id: metadata.task_id,
    program_id: metadata.id,
    version: metadata.version,
    alias,
    status: execution.status,
    ...(execution.status === 'success' ? { output: execution.output } : { error_message: execution.message }),
    latency_ms: execution.latencyMs,
    memory_usage_mb: record?.memory_usage_mb ?? null,
    sampled_for_validation: record?.sampled_for_validation ?? false,
    executed_at: record?.executed_at ?? at,
  };
}

async function validateBatch(
  { task_id, items, comparison_method }: BatchValidateRequest,
  configured: Comparison,
): Promise<BatchValidateResponse> {
  const start = performance.now();
  const method = comparison_method ?? configured.method;
  if (method === 'semantic')
    throw new PlatformError(
      'PROVIDER_NOT_CONFIGURED',
      'Cannot compare by meaning: an edge asks no model, its control plane does',
    );
  const results: BatchValidateResponse['results'] = [];
  let turn = start;
  for (const [index, item] of items.entries()) {
    results.push(validateItem(item, { ...configured, method }, index));
    if (performance.now() - turn < TURN_MS) continue;
    // Requests for programs come between.
    await nextTurn();
    turn = performance.now();
  }
  const valid = results.filter(({ is_valid }) => is_valid).length;
  return {
    task_id,
    comparison_method: method,
    total_items: items.length,
    valid_count: valid,
    invalid_count: items.length - valid,
    accuracy_rate: valid / items.length,
    results,
    total_duration_ms: Math.round((performance.now() - start) * 1000) / 1000,
  };
}

function validateItem(
  { id, output, expected_output: right }: BatchValidateRequest['items'][number],
  comparison: Comparison,
  index: number,
): BatchValidateResponse['results'][number] {
  try {
    const { match, similarity } = compareOutputs(output, right, comparison);
    if (match) return { id, is_valid: true, message: 'The output is right', error_type: null, confidence_score: similarity };
    const { kind, pointer } = mismatchOf(output, right);
    const message = `The output is not right${pointer === '' ? '' : ` at ${pointer.slice(0, 500)}`} (${kind})`;
    return { id, is_valid: false, message, error_type: kind, confidence_score: similarity };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const pointer = `/items/${index}`;
    throw new PlatformError('VALIDATION_ERROR', `Cannot compare the item ${index}: it is nested too deeply`, {
      details: { issues: [{ pointer, message: 'is nested too deeply' }] },
      cause: error,
    });
  }
}
