import { dailyAnalyticsSchema, executionQueryResponseSchema, jsonObjectSchema, programNameSchema } from '@loopwright/protocol';
import { z } from 'zod';
import { daySchema } from './day.ts';

const daysSchema = z.strictObject({
  dir: z.string(),
  taskId: programNameSchema,
  from: daySchema.optional(),
  to: daySchema.optional(),
  memoryMiB: z.int().positive().optional(),
});

/** What a process of DuckDB is asked to do: answer a query, or write a Parquet file. */
export const dataJobSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('query'),
    days: daysSchema,
    sql: z.string(),
    limits: z.strictObject({ rows: z.int().positive(), characters: z.int().positive() }),
  }),
  z.strictObject({ kind: z.literal('executions'), days: daysSchema, path: z.string() }),
  z.strictObject({ kind: z.literal('figures'), figures: z.array(dailyAnalyticsSchema), path: z.string() }),
]);
export type DataJob = z.infer<typeof dataJobSchema>;

/** What came of it: the rows, the number of rows written, or an error of the catalogue. */
export const dataAnswerSchema = z.union([
  z.strictObject({ result: z.union([executionQueryResponseSchema, z.int().nonnegative()]) }),
  z.strictObject({ error: z.strictObject({ code: z.string(), message: z.string(), details: jsonObjectSchema.optional() }) }),
]);
export type DataAnswer = z.infer<typeof dataAnswerSchema>;
