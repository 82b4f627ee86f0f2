import { z } from 'zod';

/** What the URL of the page says. */
export const apiDocsSearchSchema = z.object({
  /** What is looked for in paths, names and texts. */
  q: z.string().max(200).optional().catch(undefined),
  /** The group that is shown; all without one. */
  group: z.string().max(100).optional().catch(undefined),
  /** The operation that is open, by its id. */
  operation: z.string().max(200).optional().catch(undefined),
});
export type ApiDocsSearch = z.infer<typeof apiDocsSearchSchema>;
