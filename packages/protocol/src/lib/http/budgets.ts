import { z } from 'zod';

/** US dollars as a decimal text with at most nine decimals; a text, because binary fractions cannot hold a cent. */
const usdSchema = z.string().regex(/^\d{1,6}(?:\.\d{1,9})?$/, 'is no amount of US dollars such as "12.50"');
const countSchema = z.int().nonnegative().max(1_000_000_000_000);
const secondsSchema = z.number().nonnegative().max(3_153_600_000);

/** What an execution may use, by kind. What is left out follows the definition, then the server; `null` is without limit. */
export const budgetLimitsSchema = z.strictObject({
  cost_usd: usdSchema.nullable().optional(),
  tokens: countSchema.nullable().optional(),
  /** Runs of steps, retries and repetitions after a crash included. */
  attempts: countSchema.nullable().optional(),
  /** Time from start to end, without what it was paused or queued. */
  wall_seconds: secondsSchema.nullable().optional(),
});
export type BudgetLimits = z.infer<typeof budgetLimitsSchema>;

/** `POST /api/v1/executions/{id}/budget`: how much more may be used. */
export const budgetAdditionRequestSchema = z
  .strictObject({
    add: z
      .strictObject({
        cost_usd: usdSchema.optional(),
        tokens: countSchema.optional(),
        attempts: countSchema.optional(),
        wall_seconds: secondsSchema.optional(),
      })
      .refine((add) => Object.values(add).some((amount) => amount !== undefined), 'names nothing to add'),
  })
  .meta({ examples: [{ add: { cost_usd: '2.50', attempts: 10 } }] });
export type BudgetAddition = z.infer<typeof budgetAdditionRequestSchema>['add'];

/** The kinds of budgets, as the wire names them. */
export const budgetKindSchema = z.enum(['cost_usd', 'tokens', 'attempts', 'wall_seconds']);
export type BudgetKind = z.infer<typeof budgetKindSchema>;

/** What an execution may use and has used. */
export const budgetStateSchema = z.object({
  limits: z.object({
    cost_usd: z.string().nullable(),
    tokens: z.int().nullable(),
    attempts: z.int().nullable(),
    wall_seconds: z.number().nullable(),
  }),
  used: z.object({ cost_usd: z.string(), tokens: z.int(), attempts: z.int(), wall_seconds: z.number() }),
  /** What the execution is paused for; null when no limit holds it. */
  reached: budgetKindSchema.nullable(),
});
export type BudgetState = z.infer<typeof budgetStateSchema>;

/** How soon an execution gets its turn: 9 first, 0 last. */
export const prioritySchema = z.int().min(0).max(9);
/** The priority of whoever names none. */
export const DEFAULT_PRIORITY = 5;
