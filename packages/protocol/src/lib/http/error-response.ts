import { z } from 'zod';
import { jsonObjectSchema } from '../json/json.ts';

/** The body of every error answer: `seeds/004`'s fields and the members of an RFC 9457 problem document. */
export const errorResponseSchema = z.object({
  error_code: z.string(),
  message: z.string(),
  details: jsonObjectSchema.optional(),
  request_id: z.string().optional(),
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  retryable: z.boolean(),
  fix: z.string(),
});

/** The body of an error answer. */
export type ErrorResponse = z.infer<typeof errorResponseSchema>;
