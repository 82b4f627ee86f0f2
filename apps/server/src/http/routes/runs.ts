import {
  type RunSummary,
  advanceRunRequestSchema,
  advanceRunResponseSchema,
  cloneRunRequestSchema,
  createRunRequestSchema,
  errorResponseSchema,
  listRunsQuerySchema,
  listRunsResponseSchema,
  metricsSummarySchema,
  runDetailSchema,
  runSummarySchema,
  whySchema,
} from '@loopwright/protocol';
import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { RunTable } from '../../runs/run-tables.ts';
import { summaryView } from '../../runs/run-views.ts';
import type { AppParts } from '../app.ts';
import { readPrefer } from '../prefer.ts';
import { type RunFace, keyHeader, oneRun } from './run-schemas.ts';

/** `/runs`: create, clone, list, read and advance. The same on both faces, but for who has to say their name. */
export function runRoutes(parts: Pick<AppParts, 'runs' | 'runNextWaitMs'>, face: RunFace): FastifyPluginAsyncZod {
  const { runs } = parts;
  const config = { requiresIdentityHeaders: face === 'seed' };
  return async (api) => {
    const created = {
      tags: ['runs'],
      headers: keyHeader,
      response: { 201: runSummarySchema, 401: errorResponseSchema, ...oneRun.refused },
    };
    api.post(
      '/runs',
      {
        config: { ...config, quota: 'starts' },
        schema: { ...created, summary: 'Create a run of a profile', body: createRunRequestSchema },
      },
      async ({ body, userId: by, headers: { 'idempotency-key': key } }, reply) =>
        answerCreated(reply, await runs.create(body, { by, key }), face),
    );
    api.post(
      '/runs/:run_id/clone',
      {
        config: { quota: 'starts' },
        schema: {
          ...created,
          params: oneRun.params,
          summary: 'Create a run like another one',
          body: cloneRunRequestSchema.nullish().meta({ examples: [{ intake: 'Sort the archive as well' }] }),
        },
      },
      async ({ params: { run_id }, body, userId: by, headers: { 'idempotency-key': key } }, reply) =>
        answerCreated(reply, await runs.clone(run_id, body ?? {}, { by, key }), face),
    );
    api.get(
      '/runs',
      {
        schema: {
          tags: ['runs'],
          summary: 'Runs, the newest first',
          querystring: listRunsQuerySchema,
          response: { 200: listRunsResponseSchema, 400: errorResponseSchema, 422: errorResponseSchema },
        },
      },
      async ({ access, query, userId }) => {
        const mine = { userId, projects: access.scope('tasks:decide'), roleOn: (id: string) => access.roleOn(id) };
        return runs.list(query, access.scope('executions:read'), mine);
      },
    );
    const read = { tags: ['runs'], params: oneRun.params };
    api.get(
      '/runs/:run_id',
      { schema: { ...read, summary: 'A run and its phases', response: { 200: runDetailSchema, ...oneRun.refused } } },
      async ({ access, params: { run_id } }) => runs.detail(run_id, access.scope('executions:read')),
    );
    api.get(
      '/runs/:run_id/metrics',
      {
        schema: { ...read, summary: 'What was measured of a run', response: { 200: metricsSummarySchema, ...oneRun.refused } },
      },
      async ({ access, params: { run_id } }) => runs.metrics(run_id, access.scope('executions:read')),
    );
    api.get(
      '/runs/:run_id/why',
      { schema: { ...read, summary: 'Why a run does not move', response: { 200: whySchema, ...oneRun.refused } } },
      async ({ params: { run_id } }) => runs.why(run_id),
    );
    await api.register(nextRoute(parts, face));
  };
}

/** `/runs/{id}/next`: answers when the phase has ended or waits for people, or with 202 when the caller prefers that or it takes too long. */
function nextRoute({ runs, runNextWaitMs }: Pick<AppParts, 'runs' | 'runNextWaitMs'>, face: RunFace): FastifyPluginAsyncZod {
  return async (api) => {
    const stopping = new AbortController();
    // A phase may take hours: the server does not wait for it to stop.
    api.addHook('preClose', async () => stopping.abort());
    api.post(
      '/runs/:run_id/next',
      {
        config: { requiresIdentityHeaders: face === 'seed' },
        schema: {
          tags: ['runs'],
          summary: 'Run the next phase',
          params: oneRun.params,
          body: advanceRunRequestSchema.nullish().meta({ examples: [{ skip_validation: false }] }),
          response: {
            200: advanceRunResponseSchema,
            202: advanceRunResponseSchema,
            401: errorResponseSchema,
            503: errorResponseSchema,
            ...oneRun.refused,
          },
        },
      },
      async (request, reply) => {
        const { params, body, userId: by, headers, url } = request;
        const { isAsync, waitMs } = readPrefer(headers['prefer']);
        const key = headers['idempotency-key'];
        const { response, isUnderWay } = await runs.advance(params.run_id, {
          by,
          key: typeof key === 'string' ? key : undefined,
          skipValidation: body?.skip_validation ?? false,
          waitMs: Math.min(waitMs ?? (isAsync ? 0 : runNextWaitMs), runNextWaitMs),
          signal: stopping.signal,
        });
        if (!isUnderWay) return response;
        if (isAsync) reply.header('preference-applied', 'respond-async');
        const location = url.replace(/\/next(?:\?.*)?$/, '');
        return reply.status(202).header('location', location).send(response);
      },
    );
  };
}

function answerCreated(reply: FastifyReply, { created, run }: { created: boolean; run: RunTable }, face: RunFace): RunSummary {
  if (!created) reply.header('idempotent-replayed', 'true');
  reply.status(201).header('location', `${face === 'seed' ? '' : '/api/v1'}/runs/${run.run_id}`);
  return summaryView(run);
}
