import { executionStatusSchema } from '@loopwright/protocol';
import { z } from 'zod';

const text = z.string().trim().min(1).max(200).optional().catch(undefined);

/** What the URL of the list of executions says; a value that is none is as if it were left out. */
export const executionsSearchSchema = z.object({
  status: executionStatusSchema.optional().catch(undefined),
  /** Id of a workflow. */
  workflow: text,
  project: text,
});
export type ExecutionsSearch = z.infer<typeof executionsSearchSchema>;
