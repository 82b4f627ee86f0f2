import { type ExecutionPlan, PlatformError, executionPlanSchema, issueDetails } from '@loopwright/protocol';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';

/** The execution that a path names. */
export function readId(request: FastifyRequest): string {
  const params = z.object({ id: z.string().trim().min(1).max(200) }).safeParse(request.params);
  if (params.success) return params.data.id;
  throw new PlatformError('VALIDATION_ERROR', 'Cannot read the execution id: it is not valid', {
    details: issueDetails(params.error.issues),
  });
}

/** The plan that a request brings. */
export function readPlan(body: unknown): ExecutionPlan {
  const plan = executionPlanSchema.safeParse(body);
  if (plan.success) return plan.data;
  throw new PlatformError('VALIDATION_ERROR', 'Cannot read the plan: it is not valid', {
    details: issueDetails(plan.error.issues.slice(0, 100)),
  });
}

/** Whether the caller wants a stream of events rather than one answer. */
export function wantsEvents(request: FastifyRequest): boolean {
  return (request.headers.accept ?? '').split(',').some((type) => type.trim().toLowerCase().startsWith('text/event-stream'));
}
