import {
  PlatformError,
  type Sample,
  programNameSchema,
  rateCandidatesRequestSchema,
  sampleAnswerSchema,
  sampleStateSchema,
} from '@loopwright/protocol';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { checkToken } from './check-token.ts';
import type { EdgeParts } from './edge-parts.ts';

const paramsSchema = z.object({ task_id: programNameSchema });
const sampleParamsSchema = paramsSchema.extend({ sample_id: z.string().min(1).max(100) });
const querySchema = z.strictObject({
  state: sampleStateSchema.optional(),
  cursor: z
    .string()
    .regex(/^\d{1,15}$/u, 'is no cursor of a page')
    .default('0'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
const personSchema = z.string().trim().min(1).max(200);
const claimSchema = z.strictObject({ by: personSchema, sample_id: z.string().min(1).max(100).optional() });
const skipSchema = z.strictObject({ by: personSchema, cost_usd: z.number().min(0).max(1000).default(0) });
const costSchema = z.strictObject({ cost_usd: z.number().min(0).max(1000) });
const answerSchema = z.strictObject({
  by: personSchema,
  answer: sampleAnswerSchema,
  oracle: z
    .strictObject({
      provider: z.string().min(1).max(200),
      model: z.string().max(200).nullable(),
      cost_usd: z.number().min(0).max(1000),
      latency_ms: z.number().min(0).nullable(),
    })
    .optional(),
  judged: z
    .strictObject({ match: z.boolean(), similarity: z.number().min(0).max(1), cost_usd: z.number().min(0).max(1000) })
    .optional(),
});

/** `/tasks/:task_id/samples`, `…/candidates`, `…/validation` and `…/drift`: for the orchestrator, because inputs and outputs are shown and answers are believed. */
export function watchingRoutes(app: FastifyInstance, parts: EdgeParts): void {
  const { watching } = parts;
  const taskOf = async (request: FastifyRequest): Promise<string> => {
    checkToken(request, parts, 'use the samples');
    const { task_id: taskId } = paramsSchema.parse(request.params);
    if (await parts.programs.isKnown(taskId)) return taskId;
    throw new PlatformError('PROGRAM_NOT_FOUND', `Cannot find the program "${taskId}"`);
  };
  const sampleOf = (request: FastifyRequest): string => sampleParamsSchema.parse(request.params).sample_id;

  app.get('/tasks/:task_id/drift', async (request) => watching.drift(await taskOf(request)));
  app.get('/tasks/:task_id/validation', async (request) => watching.summary(await taskOf(request)));
  app.post('/tasks/:task_id/oracle-costs', async (request) => {
    const taskId = await taskOf(request);
    return watching.validations.spend(taskId, costSchema.parse(request.body).cost_usd);
  });
  app.get('/tasks/:task_id/candidates', async (request) => watching.candidates.list(await taskOf(request)));
  app.post('/tasks/:task_id/candidates/ratings', async (request) => {
    const taskId = await taskOf(request);
    return watching.candidates.rate(taskId, rateCandidatesRequestSchema.parse(request.body));
  });
  app.get('/tasks/:task_id/samples', async (request) => {
    const { state, cursor, limit } = querySchema.parse(request.query);
    return watching.validations.list(await taskOf(request), { state, after: Number(cursor), limit });
  });
  app.get('/tasks/:task_id/samples/:sample_id', async (request) =>
    watching.validations.get(await taskOf(request), sampleOf(request)),
  );
  app.post('/tasks/:task_id/samples/claim', async (request): Promise<{ sample: Sample | null }> => {
    const taskId = await taskOf(request);
    const { by, sample_id } = claimSchema.parse(request.body);
    return { sample: watching.validations.claim(taskId, by, sample_id) };
  });
  app.post('/tasks/:task_id/samples/:sample_id/answer', async (request) => {
    const taskId = await taskOf(request);
    const { by, answer, oracle, judged } = answerSchema.parse(request.body);
    const said =
      oracle === undefined
        ? undefined
        : { provider: oracle.provider, model: oracle.model, costUsd: oracle.cost_usd, latencyMs: oracle.latency_ms };
    return watching.validations.answer(taskId, sampleOf(request), answer, { by, oracle: said, judged });
  });
  app.post('/tasks/:task_id/samples/:sample_id/skip', async (request) => {
    const taskId = await taskOf(request);
    const { by, cost_usd: costUsd } = skipSchema.parse(request.body);
    return watching.validations.skip(taskId, sampleOf(request), by, costUsd);
  });
}
