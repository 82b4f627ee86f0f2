import { z } from 'zod';
import { jsonSchema } from '../json/json.ts';

/** Candidates that are rated at once, at the most. */
export const CANDIDATES_RATED_AT_ONCE = 20;

/** `GET /tasks/{task_id}/candidates`: the oldest executions of which the model is to say how sure it is that they are right. */
export const candidateListSchema = z.object({
  candidates: z
    .array(
      z.object({ sample_id: z.string(), version: z.int().min(1).nullable(), input_data: jsonSchema, output_data: jsonSchema }),
    )
    .max(CANDIDATES_RATED_AT_ONCE),
});
export type CandidateList = z.infer<typeof candidateListSchema>;

/** `POST /tasks/{task_id}/candidates/ratings`: how sure the model is, and what it cost to ask. */
export const rateCandidatesRequestSchema = z.strictObject({
  ratings: z
    .array(
      z.strictObject({
        sample_id: z.string().min(1).max(100),
        /** That the output is right, 0 to 1; `null`: the model does not say, and the candidate is given up. */
        confidence: z.number().min(0).max(1).nullable(),
      }),
    )
    .max(CANDIDATES_RATED_AT_ONCE),
  /** US dollars, taken from the budget of the oracle. */
  cost_usd: z.number().min(0).max(1000),
});
export type RateCandidatesRequest = z.infer<typeof rateCandidatesRequestSchema>;

/** What became of candidates. */
export const candidatesRatedSchema = z.object({
  /** Candidates that are none any more. */
  rated: z.int().nonnegative(),
  /** Those of them of which the model was the least sure: they wait for an oracle now. */
  sampled: z.array(z.string()),
  cost_usd: z.number().nonnegative(),
});
export type CandidatesRated = z.infer<typeof candidatesRatedSchema>;
