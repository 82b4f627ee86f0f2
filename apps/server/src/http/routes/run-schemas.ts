import { errorResponseSchema } from '@loopwright/protocol';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { answerError } from '../error-handler.ts';
import { idempotencyKeySchema } from '../idempotency.ts';

/** Where runs are served: `/runs` as `seeds/001` has it, or `/api/v1/runs` in the manner of the house. */
export type RunFace = 'seed' | 'api';

/** What all routes of one run have in common. */
export const oneRun = {
  tags: ['runs'],
  params: z.object({ run_id: z.string().min(1).max(200) }),
  refused: { 400: errorResponseSchema, 404: errorResponseSchema, 409: errorResponseSchema, 422: errorResponseSchema },
};

/** The header of requests whose repetition is recognised by what they have made, also after a crash. */
export const keyHeader = z.looseObject({ 'idempotency-key': idempotencyKeySchema.optional() });

/**
 * The manner of `seeds/001`: a request that does not fit its schema is 422. That whoever has no credentials has to say who they are where a run is
 * created or advanced is `config.requiresIdentityHeaders`.
 */
export function useSeedManner(api: FastifyInstance): void {
  api.setErrorHandler((error: Error, request, reply) => answerError(error, request, reply, 422));
}
