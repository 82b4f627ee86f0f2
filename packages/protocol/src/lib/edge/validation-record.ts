import { z } from 'zod';
import { jsonSchema } from '../json/json.ts';
import { comparisonMethodSchema } from './task-execution.ts';

/**
 * Why one execution was chosen for validation. Only `random` ones say, together, how good the program is on all of its traffic. `forced`: its caller
 * asked for it.
 */
export const sampleReasonSchema = z.enum(['random', 'uncertainty', 'stratified', 'edge_case', 'adaptive', 'forced']);
export type SampleReason = z.infer<typeof sampleReasonSchema>;

/** One line of `datasets/{task_id}/validations/sampled-YYYY-MM-DD.jsonl`: what an oracle said about an execution (`reference/domain.md` §3.2). */
export const validationRecordSchema = z.object({
  id: z.string().min(1).max(200),
  execution_id: z.string().min(1).max(200),
  program_id: z.string().min(1).max(200),
  oracle_output: jsonSchema,
  oracle_provider: z.string().max(200),
  oracle_model: z.string().max(200).nullable().default(null),
  /** US dollars. */
  oracle_cost: z.number().nonnegative().default(0),
  oracle_latency_ms: z.number().nonnegative().nullable().default(null),
  match: z.boolean(),
  similarity_score: z.number().min(0).max(1).nullable().default(null),
  comparison_method: comparisonMethodSchema.default('exact'),
  failure_type: z.enum(['syntax_error', 'logic_error', 'edge_case', 'performance']).nullable().default(null),
  failure_category: z.string().max(200).nullable().default(null),
  failure_details: z.string().max(10_000).nullable().default(null),
  tier1_passed: z.boolean().nullable().default(null),
  tier2_passed: z.boolean().nullable().default(null),
  tier3_passed: z.boolean().nullable().default(null),
  /** `null`: nobody knows any more. */
  sample_reason: sampleReasonSchema.nullable().default(null),
  validated_at: z.iso.datetime({ offset: true }),
});
export type ValidationRecord = z.infer<typeof validationRecordSchema>;
