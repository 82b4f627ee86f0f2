import { z } from 'zod';

const tokens = z.coerce.number().int().min(0).max(10_000_000);

/** `GET /programs/{name}/break-even`: the model that would answer each request instead, and how many there are. */
export const breakEvenQuerySchema = z.strictObject({
  requests_per_day: z.coerce.number().positive().max(1_000_000_000),
  /** `provider/name`. */
  model: z
    .string()
    .max(300)
    .regex(/^[^/]+\/.+$/, 'is no model such as "anthropic/NAME"'),
  /** A version; the newest when left out. */
  version: z.coerce.number().int().min(1).optional(),
  /** Tokens of one request to the model; reckoned from the inputs of the examples and from what the model was asked before when left out. */
  input_tokens: tokens.optional(),
  output_tokens: tokens.optional(),
});

/** An amount of US dollars as a decimal text. */
const usd = z.string();

/** What a program cost to make against what asking a model at each request would cost. What nobody measured is null, with its reason in `reasons`. */
export const breakEvenSchema = z.object({
  program: z.string(),
  version: z.int(),
  model: z.string(),
  requests_per_day: z.number(),
  /** What models were paid while the version was made. People and machines are not reckoned. */
  cost_of_making_usd: usd.nullable(),
  /** What one request to the model would cost. */
  cost_per_request_usd: usd.nullable(),
  tokens_per_request: z.object({ input: z.int().nullable(), output: z.int().nullable() }),
  /** Requests after which the program is cheaper. */
  requests_until_even: z.int().nullable(),
  days_until_even: z.number().nullable(),
  saved_per_day_usd: usd.nullable(),
  reasons: z.array(z.string()),
});
export type BreakEven = z.infer<typeof breakEvenSchema>;
