import { z } from 'zod';

/** What the URL of the modules says: which one is open, and which of its lines are shown. */
export const modulesSearchSchema = z.object({
  module: z.string().max(64).optional().catch(undefined),
  level: z.enum(['warn', 'error']).optional().catch(undefined),
});
export type ModulesSearch = z.infer<typeof modulesSearchSchema>;
