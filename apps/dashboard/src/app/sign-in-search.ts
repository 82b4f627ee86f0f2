import { z } from 'zod';

/** What the URL of the page to sign in says. */
export const signInSearchSchema = z.object({
  /** Why one is not signed in, as the server names it. */
  problem: z.enum(['refused', 'unavailable', 'not_configured']).optional().catch(undefined),
  /** Where one wanted to go: a path of this server, with that below which a proxy serves it. */
  return_to: z
    .string()
    .max(2000)
    .regex(/^\/(?![/\\])[\x21-\x7e]*$/)
    .optional()
    .catch(undefined),
});
export type SignInSearch = z.infer<typeof signInSearchSchema>;
