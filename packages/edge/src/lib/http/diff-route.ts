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
import { type ReplayedInput, compareVersions } from '../diff/compare-versions.ts';
import { REPLAY_CHARACTERS } from '../diff/limits.ts';
import type { ServedVersion } from '../serve/served-version.ts';
import { checkToken } from './check-token.ts';
import type { EdgeParts } from './edge-parts.ts';
import { parsedJsonSchema } from './execute-routes.ts';
import { BATCH_BODY_LIMIT_BYTES } from './limits.ts';

const paramsSchema = z.object({ task_id: programNameSchema });
const bodySchema = diffRequestSchema.extend({ inputs: z.array(parsedJsonSchema).min(1).max(100_000).optional() });

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
  const comparedAt = isoTime(clock.now());
  const replay = inputs === undefined ? logged({ dataDir, taskId, last }, pair.incumbent) : given(inputs);
  const diff = await compareVersions({ ...pair, inputs: replay.inputs(), signal }, parts);
  return { task_id: taskId, ...diff, ...replay.from(), compared_at: comparedAt };
}

/** Inputs to replay, and where they are from, which is known when they were read. */
interface Replay {
  inputs(): AsyncIterable<ReplayedInput>;
  from(): Pick<BehaviourDiff, 'source' | 'logged_from' | 'logged_to'>;
}

/** The newest logged inputs, the newest first, with what the incumbent answered to those that were its own. */
function logged(
  { dataDir, taskId, last }: { readonly dataDir: string; readonly taskId: string; readonly last: number },
  { metadata }: ServedVersion,
): Replay {
  const folder = join(dataDir, 'datasets', taskId, 'executions');
  let oldest: string | null = null;
  let newest: string | null = null;
  return {
    async *inputs() {
      for await (const record of latestRecords(folder, { records: last, characters: REPLAY_CHARACTERS })) {
        newest ??= record.executed_at;
        oldest = record.executed_at;
        const { status, version, program_id: id, output_data: output, latency_ms: latencyMs } = record;
        const isOwn = status === 'success' && version === metadata.version && id === metadata.id;
        const answered = isOwn && output !== null ? { output: output.result, latencyMs: latencyMs ?? 0 } : undefined;
        yield { input: record.input_data, answered };
      }
    },
    from: () => ({ source: 'log', logged_from: oldest, logged_to: newest }),
  };
}

function given(inputs: readonly Json[]): Replay {
  return {
    async *inputs() {
      for (const input of inputs) yield { input };
    },
    from: () => ({ source: 'given', logged_from: null, logged_to: null }),
  };
}
