import { z } from 'zod';
import { jsonObjectSchema } from '../json/json.ts';

/** `POST …/executions/query`: one `SELECT` over the view `executions`, a row for each record of these days, both included; left out: all that are there. */
export const executionQueryRequestSchema = z
  .strictObject({
    sql: z.string().trim().min(1).max(10_000),
    from: z.iso.date().optional(),
    to: z.iso.date().optional(),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
    path: ['to'],
    message: 'must not be before `from`',
  })
  .meta({
    examples: [{ sql: "SELECT output_data->>'result' AS answer, count(*) AS n FROM executions GROUP BY answer ORDER BY n DESC" }],
  });
export type ExecutionQueryRequest = z.infer<typeof executionQueryRequestSchema>;

/** What a query gave. */
export const executionQueryResponseSchema = z.object({
  rows: z.array(jsonObjectSchema),
  /** Whether there were more rows than are given. */
  truncated: z.boolean(),
});
export type ExecutionQueryResponse = z.infer<typeof executionQueryResponseSchema>;
