import { Readable, addAbortSignal } from 'node:stream';
import {
  type DailyAnalytics,
  EXPORT_TYPES,
  PlatformError,
  exportFileName,
  exportQuerySchema,
  programNameSchema,
} from '@loopwright/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { executionsAsCsv, figuresAsCsv } from '../dataset/export-csv.ts';
import type { FileJob } from '../dataset/data-jobs.ts';
import { rangeAnalytics } from '../dataset/range-analytics.ts';
import { checkToken } from './check-token.ts';
import type { EdgeParts } from './edge-parts.ts';

const paramsSchema = z.object({ task_id: programNameSchema });
const EVER = { from: '0001-01-01', to: '9999-12-31' };

/**
 * `GET /tasks/:task_id/executions/export` and `…/analytics/export`: what was recorded, and the figures of each day, as CSV or Parquet. For the
 * orchestrator, because inputs are shown and it takes a while.
 */
export function exportRoutes(app: FastifyInstance, parts: EdgeParts): void {
  const { datasets, dataDir, jobs } = parts;
  for (const what of ['executions', 'analytics'] as const)
    app.get(`/tasks/:task_id/${what}/export`, { exposeHeadRoute: false }, async (request, reply) => {
      checkToken(request, parts, 'export');
      const { task_id: taskId } = paramsSchema.parse(request.params);
      const query = exportQuerySchema.parse(request.query);
      const { format, from = EVER.from, to = EVER.to } = query;
      if (!(await parts.programs.isKnown(taskId)))
        throw new PlatformError('PROGRAM_NOT_FOUND', `Cannot find the program "${taskId}"`);
      const log = await datasets.of(taskId);
      const figures = async (): Promise<DailyAnalytics[]> => (await rangeAnalytics(log, { from, to })).days;
      const signal = AbortSignal.any([untilGone(request, reply), jobs.closing]);
      let made: Readable | string;
      if (format === 'csv')
        made = what === 'executions' ? Readable.from(executionsAsCsv(log, { from, to })) : figuresAsCsv(await figures());
      else {
        const days = { dir: dataDir, taskId, from, to };
        const job: FileJob = what === 'executions' ? { kind: 'executions', days } : { kind: 'figures', figures: await figures() };
        const { stream, bytes } = await jobs.export(job, signal);
        made = stream;
        void reply.header('content-length', bytes);
      }
      // Also of who went away while it was made.
      if (typeof made !== 'string') addAbortSignal(signal, made);
      return reply
        .type(EXPORT_TYPES[format])
        .header('content-disposition', `attachment; filename="${exportFileName(taskId, what, query)}"`)
        .send(made);
    });
}

/** Aborted when nobody waits for the answer any more. */
export function untilGone({ socket }: FastifyRequest, reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  if (socket.destroyed) gone.abort();
  return gone.signal;
}
