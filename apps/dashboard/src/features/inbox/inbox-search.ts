import { z } from 'zod';

/** What the URL of the inbox says; a value that is none is as if it were left out. */
export const inboxSearchSchema = z.object({
  /** Left out: what waits for whoever looks. `anybody`: what waits at all. `decided`: what was decided, the newest first. */
  view: z.enum(['anybody', 'decided']).optional().catch(undefined),
});
export type InboxSearch = z.infer<typeof inboxSearchSchema>;
