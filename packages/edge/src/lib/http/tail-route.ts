import {
  type ExecutionRecord,
  PlatformError,
  executionTailQuerySchema,
  messageOf,
  programNameSchema,
  tailPositionOf,
} from '@loopwright/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { ExecutionLog, PlacedRecord } from '../dataset/execution-log.ts';
import { checkToken } from './check-token.ts';
import type { EdgeParts } from './edge-parts.ts';
import { untilGone } from './export-routes.ts';
import { TAILS_AT_ONCE, TAIL_LAST_CHARACTERS } from './limits.ts';
import { streamLines } from './stream-lines.ts';

const paramsSchema = z.object({ task_id: programNameSchema.optional() });

type Position = Pick<PlacedRecord, 'day' | 'countedTo'>;

/**
 * `GET /executions/tail` and `GET /tasks/:task_id/executions/tail`: records as they come, in JSON Lines without an end, each with the position after it. For the orchestrator, because inputs
 * are shown.
 */
export function tailRoute(app: FastifyInstance, parts: EdgeParts): void {
  let open = 0;
  for (const path of ['/executions/tail', '/tasks/:task_id/executions/tail'])
    app.get(path, { exposeHeadRoute: false }, async (request, reply) => {
      checkToken(request, parts, 'follow executions');
      if (open >= TAILS_AT_ONCE)
        throw new PlatformError('OVERLOADED', `Cannot follow executions: ${TAILS_AT_ONCE} others do already`);
      open += 1;
      try {
        await tail(parts, request, reply);
      } finally {
        open -= 1;
      }
    });
}

async function tail(parts: EdgeParts, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { last, after, task_id: asked } = executionTailQuerySchema.parse(request.query);
  const taskId = paramsSchema.parse(request.params).task_id ?? asked ?? parts.programs.defaultTaskId;
  if (taskId === undefined)
    throw new PlatformError('VALIDATION_ERROR', 'Cannot choose a program: the request has no "task_id"', {
      details: { in: 'querystring', issues: [{ pointer: '/querystring/task_id', message: 'Name one of the programs' }] },
    });
  if (!(await parts.programs.isKnown(taskId)))
    throw new PlatformError('PROGRAM_NOT_FOUND', `Cannot find the program "${taskId}"`);
  const log = await parts.datasets.of(taskId);
  const signal = AbortSignal.any([untilGone(request, reply), parts.jobs.closing]);
  const from = after ?? (await log.end());
  const { raw } = reply.hijack();
  raw.writeHead(200, {
    'content-type': 'application/x-ndjson; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-tail-position': tailPositionOf(from),
    connection: 'close',
  });
  try {
    await streamLines(raw, linesOf(log, { from, last: after === undefined ? last : 0, signal }), { clock: parts.clock, signal });
  } catch (error) {
    parts.log(`Cannot go on telling the executions of "${taskId}": ${messageOf(error)}`);
  }
}

/** The last records before a position, if some are wanted, and all that come after it. */
async function* linesOf(
  log: ExecutionLog,
  { from, last, signal }: { readonly from: Position; readonly last: number; readonly signal: AbortSignal },
): AsyncGenerator<string> {
  // What came between the position and this reading comes again behind the position.
  const told = new Set<string>();
  if (last > 0)
    for (const record of await log.latest({ records: last, characters: TAIL_LAST_CHARACTERS })) {
      told.add(record.id);
      yield lineOf(record, from);
    }
  for await (const placed of log.tail({ from, signal })) {
    if (!told.delete(placed.record.id)) yield lineOf(placed.record, placed);
  }
}

function lineOf(record: ExecutionRecord, position: Position): string {
  return JSON.stringify({ position: tailPositionOf(position), record });
}
