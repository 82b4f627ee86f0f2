import { join } from 'node:path';
import {
  type BehaviourDiff,
  type Json,
  PlatformError,
  diffRequestSchema,
  isoTime,
  programNameSchema,
} from '@loopwright/protocol';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { latestRecords } from '../dataset/latest-records.ts';
import { compareVersions } from '../diff/compare-versions.ts';
import { REPLAY_BYTES } from '../diff/limits.ts';
import { checkToken } from './check-token.ts';
import type { EdgeParts } from './edge-parts.ts';
import { parsedJsonSchema } from './execute-routes.ts';
import { BATCH_BODY_LIMIT_BYTES } from './limits.ts';

const paramsSchema = z.object({ task_id: programNameSchema });
const bodySchema = diffRequestSchema.extend({ inputs: z.array(parsedJsonSchema).min(1).max(100_000).optional() });

/** Inputs to replay, and where they are from. */
type Replay = Pick<BehaviourDiff, 'source' | 'logged_from' | 'logged_to'> & { readonly inputs: readonly Json[] };

/**
 * `POST /tasks/:task_id/diff`: how a version differs from the active or another one, on the newest logged inputs or on given ones. Nothing that runs
 * is recorded. For the orchestrator only: the answer shows inputs.
 */
export function diffRoute(app: FastifyInstance, parts: EdgeParts): void {
  app.post('/tasks/:task_id/diff', { bodyLimit: BATCH_BODY_LIMIT_BYTES }, async (request, reply) => {
    checkToken(request, parts, 'compare versions');
    const { task_id: taskId } = paramsSchema.parse(request.params);
    // Whoever asked may go away; then nothing more is run.
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort(new PlatformError('SERVICE_UNAVAILABLE', 'Cannot compare versions: nobody waits')));
    return compare(parts, { taskId, ...bodySchema.parse(request.body) }, gone.signal);
  });
}

async function compare(
  parts: EdgeParts,
  { taskId, candidate, incumbent, last, inputs }: z.infer<typeof bodySchema> & { taskId: string },
  signal: AbortSignal,
): Promise<BehaviourDiff> {
  const { programs, clock, dataDir } = parts;
  const pair = { candidate: await programs.version(taskId, candidate), incumbent: await programs.version(taskId, incumbent) };
  const { inputs: replayed, ...replay } = inputs === undefined ? await logged(dataDir, taskId, last) : given(inputs);
  const comparedAt = isoTime(clock.now());
  const diff = await compareVersions({ ...pair, inputs: replayed, signal }, parts);
  return { task_id: taskId, ...diff, ...replay, compared_at: comparedAt };
}

async function logged(dataDir: string, taskId: string, last: number): Promise<Replay> {
  const records = await latestRecords(join(dataDir, 'datasets', taskId, 'executions'), { records: last, bytes: REPLAY_BYTES });
  return {
    inputs: records.map(({ input_data }) => input_data),
    source: 'log',
    logged_from: records[0]?.executed_at ?? null,
    logged_to: records.at(-1)?.executed_at ?? null,
  };
}

function given(inputs: readonly Json[]): Replay {
  return { inputs, source: 'given', logged_from: null, logged_to: null };
}
