import { z } from 'zod';

/** What the URL of a run says: which tab, and what is open in it. */
export const runSearchSchema = z.object({
  tab: z.enum(['phases', 'artifacts', 'metrics', 'events', 'audit']).optional().catch(undefined),
  /** Id of the artifact that is shown. */
  artifact: z.string().max(1500).optional().catch(undefined),
  /** `seq` of the event that is shown. */
  event: z.number().int().optional().catch(undefined),
});
export type RunSearch = z.infer<typeof runSearchSchema>;
