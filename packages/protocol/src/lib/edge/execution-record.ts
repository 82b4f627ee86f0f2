import { z } from 'zod';
import { jsonSchema } from '../json/json.ts';
import { programRunStatusSchema } from './execute.ts';

const recordFields = z.object({
  id: z.string(),
  program_id: z.string(),
  task_id: z.string(),
  version: z.int().nullable().default(null),
  input_data: jsonSchema,
  output_data: z.object({ result: jsonSchema }).nullable(),
  latency_ms: z.number().nullable(),
  memory_usage_mb: z.number().nullable().default(null),
  status: programRunStatusSchema,
  error_message: z.string().nullable().default(null),
  sampled_for_validation: z.boolean().default(false),
  validation_id: z.string().nullable().default(null),
  executed_at: z.iso.datetime({ offset: true }),
});

/** One line of `datasets/{task_id}/executions/YYYY-MM-DD.jsonl`. */
export type ExecutionRecord = z.infer<typeof recordFields>;

/**
 * Reads a line in either of the source's two spellings (`id`/`execution_id`, `input_data`/`input`, `output_data`/`output`).
 * Written is the first one.
 */
export const executionRecordSchema: z.ZodType<ExecutionRecord> = z.preprocess((value) => {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  const { execution_id, input, output, ...rest } = value as Record<string, unknown>;
  return {
    ...(execution_id === undefined ? {} : { id: execution_id }),
    ...(input === undefined ? {} : { input_data: input }),
    ...(output === undefined ? {} : { output_data: { result: output } }),
    ...rest,
  };
}, recordFields);
