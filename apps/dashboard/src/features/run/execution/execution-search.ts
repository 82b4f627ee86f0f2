import { z } from 'zod';

/** What the URL of an execution says: which tab, and what is open in it. */
export const executionSearchSchema = z.object({
  tab: z.enum(['steps', 'events', 'audit']).optional().catch(undefined),
  /** `seq` of the event that is shown. */
  event: z.number().int().optional().catch(undefined),
});
export type ExecutionSearch = z.infer<typeof executionSearchSchema>;
