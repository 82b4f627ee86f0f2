import { type DailyAnalytics, type EdgeHealth, type EdgeMetrics, PlatformError, programNameSchema } from '@loopwright/protocol';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { type Day, daySchema } from '../dataset/day.ts';
import type { ExecutionLog } from '../dataset/execution-log.ts';
import { rangeAnalytics } from '../dataset/range-analytics.ts';
import type { EdgeParts } from './edge-parts.ts';
import { PROMETHEUS_TYPE, prometheusText } from './prometheus-text.ts';

const metricsQuerySchema = z.object({ task_id: programNameSchema.optional() });
const paramsSchema = z.object({ task_id: programNameSchema });
const analyticsQuerySchema = z.object({ date: daySchema.optional(), exact: z.enum(['true', 'false']).optional() });
const rangeQuerySchema = z
  .object({ from: daySchema, to: daySchema.optional() })
  .refine(({ from, to }) => to === undefined || from <= to, { path: ['to'], message: 'is before "from"' });

/** `GET /health`, `GET /metrics`, `GET /metrics/prometheus`, `GET /tasks/:task_id/analytics`, `GET /tasks/:task_id/analytics/range`. */
export function statusRoutes(app: FastifyInstance, parts: EdgeParts): void {
  app.get('/health', () => health(parts));
  app.get('/metrics', (request) => metrics(parts, metricsQuerySchema.parse(request.query).task_id));
  app.get('/metrics/prometheus', async (_request, reply) => {
    reply.type(PROMETHEUS_TYPE);
    return prometheusText({
      health: parts.sandbox.health(),
      programs: await Promise.all(
        parts.programs.active.map(async ({ metadata }) => ({ metadata, log: await parts.datasets.of(metadata.task_id) })),
      ),
    });
  });
  app.get('/tasks/:task_id/analytics', (request) => {
    const { date, exact } = analyticsQuerySchema.parse(request.query);
    const { task_id: taskId } = paramsSchema.parse(request.params);
    return analytics(parts, taskId, { day: date ?? parts.datasets.today, isExact: exact === 'true' });
  });
  app.get('/tasks/:task_id/analytics/range', async (request) => {
    const { from, to = parts.datasets.today } = rangeQuerySchema.parse(request.query);
    const { task_id: taskId } = paramsSchema.parse(request.params);
    return rangeAnalytics(await datasetOf(parts, taskId), { from, to });
  });
}

async function metrics(parts: EdgeParts, taskId: string | undefined): Promise<EdgeMetrics> {
  const names = taskId === undefined ? parts.programs.active.map(({ metadata }) => metadata.task_id) : [taskId];
  return metricsOf(await Promise.all(names.map((name) => datasetOf(parts, name))));
}

async function analytics(
  parts: EdgeParts,
  taskId: string,
  { day, isExact }: { day: Day; isExact: boolean },
): Promise<DailyAnalytics> {
  const log = await datasetOf(parts, taskId);
  return isExact ? { date: day, ...(await log.exactFigures(day)) } : log.writeAnalytics(day);
}

function health({ programs, sandbox, packageVersion, remote }: EdgeParts): EdgeHealth {
  const { engine, jail, walls, refusal, workers, restarts, memoryWatch, python } = sandbox.health();
  const taskId = programs.defaultTaskId ?? null;
  const active = programs.active.map(({ metadata }) => ({
    task_id: metadata.task_id,
    active_version: metadata.version,
    digest: metadata.digest,
  }));
  const aliases = programs.aliases.map(({ alias, served: { metadata } }) => ({
    task_id: metadata.task_id,
    alias,
    version: metadata.version,
    digest: metadata.digest,
  }));
  return {
    status: workers > 0 && programs.failures.size === 0 ? 'healthy' : 'degraded',
    version: packageVersion,
    task_id: taskId,
    active_version: active.find(({ task_id }) => task_id === taskId)?.active_version ?? null,
    programs: active,
    aliases,
    sandbox: {
      engine,
      jail,
      walls: [...walls],
      refusal,
      workers,
      restarts,
      memory_watch: memoryWatch,
      ...(python === undefined ? {} : { python: { ...python, walls: [...python.walls] } }),
    },
    ...(remote === undefined ? {} : { source: remote.health }),
  };
}

function metricsOf(logs: readonly ExecutionLog[]): EdgeMetrics {
  const figures = logs.map((log) => log.today);
  const successes = figures.reduce((sum, { successful }) => sum + successful, 0);
  const latencySum = figures.reduce((sum, { averageMs, successful }) => sum + averageMs * successful, 0);
  return {
    executions_today: figures.reduce((sum, { total }) => sum + total, 0),
    avg_latency_ms: successes === 0 ? 0 : latencySum / successes,
    torn_lines: logs.reduce((sum, { tornLines }) => sum + tornLines, 0),
    dropped_records: logs.reduce((sum, { dropped }) => sum + dropped, 0),
  };
}

/** The data set of a program that exists: a request must not make folders for names it invents. */
async function datasetOf({ programs, datasets }: EdgeParts, taskId: string): Promise<ExecutionLog> {
  if (await programs.isKnown(taskId)) return datasets.of(taskId);
  throw new PlatformError('PROGRAM_NOT_FOUND', `Cannot find the program "${taskId}"`);
}
