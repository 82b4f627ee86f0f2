import { z } from 'zod';

/** What the URL of a new run says: how it is made, of what, and where. */
export const newRunSearchSchema = z.object({
  how: z.enum(['guided', 'quick']).optional().catch(undefined),
  profile: z.string().max(63).optional().catch(undefined),
  project: z.string().max(200).optional().catch(undefined),
  /** Digest of the uploaded examples. */
  examples: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional()
    .catch(undefined),
});
export type NewRunSearch = z.infer<typeof newRunSearchSchema>;
