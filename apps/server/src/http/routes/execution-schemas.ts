import type { Execution } from '@loopwright/engine';
import { errorResponseSchema, executionResponseSchema } from '@loopwright/protocol';
import { z } from 'zod';
import { noSuchExecution } from '../../authorization/subjects.ts';
import type { AppParts } from '../app.ts';

/** What all routes of one execution have in common. */
export const oneExecution = {
  tags: ['executions'],
  params: z.object({ execution_id: z.string().max(200) }),
  response: { 200: executionResponseSchema, 400: errorResponseSchema, 404: errorResponseSchema, 409: errorResponseSchema },
};

/** The execution, or EXECUTION_NOT_FOUND. */
export function findExecution({ engine }: Pick<AppParts, 'engine'>, id: string): Execution {
  const execution = engine.read.execution(id);
  if (execution === undefined) throw noSuchExecution(id);
  return execution;
}
