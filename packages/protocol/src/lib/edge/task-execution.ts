import { z } from 'zod';
import { jsonSchema } from '../json/json.ts';
import { aliasNameSchema } from './alias.ts';
import { programRunStatusSchema, refuseDoubledIds } from './execute.ts';
import { programNameSchema } from './program-artifact.ts';

/** Milliseconds that one execution may be given at the most. */
const TIMEOUT_MS_MAX = 60_000;
/** Items of one batch that is compared. */
const COMPARED_ITEMS_MAX = 10_000;

/** How much longer than it may, an execution may take: at most what the sandbox of the edge allows, which goes before it. */
export const timeoutMsSchema = z.int().min(1).max(TIMEOUT_MS_MAX);

/** `POST /api/v1/tasks/{task_id}/execute` (`reference/domain.md` §3.5). */
export const taskExecuteRequestSchema = z
  .strictObject({
    /** The task of the path once more. */
    task_id: programNameSchema.optional(),
    /** Left out: the version of the alias, or what a rollout of that chooses. */
    version: z.int().min(1).optional(),
    /** Left out: `active`. Not beside `version`. */
    alias: aliasNameSchema.optional(),
    input: jsonSchema,
    /** Puts the execution among the samples whatever the sampling says, if it succeeds. */
    force_validation: z.boolean().default(false),
    timeout_ms: timeoutMsSchema.optional(),
  })
  .meta({ examples: [{ input: 'Win a free phone now', force_validation: true }] });
export type TaskExecuteRequest = z.input<typeof taskExecuteRequestSchema>;

/** How it ended: a program that fails is an answer as well. */
export const taskExecuteResponseSchema = z.object({
  execution_id: z.string(),
  task_id: programNameSchema,
  program_id: z.string(),
  version: z.int().min(1),
  /** By which alias the version was chosen; `null`: the request named the version. */
  alias: z.string().nullable(),
  status: programRunStatusSchema,
  /** Left out unless it succeeded. */
  output: jsonSchema.optional(),
  /** Left out if it succeeded. */
  error_message: z.string().optional(),
  latency_ms: z.number().nonnegative(),
  /** `null`: workers are shared by calls, so that nobody measures what one of them takes. */
  memory_usage_mb: z.number().nullable(),
  sampled_for_validation: z.boolean(),
  executed_at: z.iso.datetime({ offset: true }),
});
export type TaskExecuteResponse = z.infer<typeof taskExecuteResponseSchema>;

/** How an output is compared with the right one (`reference/domain.md` §3.2). `semantic` asks the model that is set. */
export const comparisonMethodSchema = z.enum(['exact', 'semantic', 'fuzzy', 'structured']);
export type ComparisonMethod = z.infer<typeof comparisonMethodSchema>;

/** `POST /api/v1/batch/validate`: outputs beside the right ones. */
export const batchValidateRequestSchema = z
  .strictObject({
    task_id: programNameSchema,
    items: z
      .array(
        z.strictObject({
          id: z.string().min(1).max(200),
          input: jsonSchema,
          output: jsonSchema,
          expected_output: jsonSchema,
        }),
      )
      .min(1)
      .max(COMPARED_ITEMS_MAX)
      .superRefine(refuseDoubledIds),
    /** Left out: as samples of this edge are compared. */
    comparison_method: comparisonMethodSchema.optional(),
  })
  .meta({
    examples: [{ task_id: 'mail', items: [{ id: '1', input: 'Win a free phone now', output: 'spam', expected_output: 'spam' }] }],
  });
export type BatchValidateRequest = z.infer<typeof batchValidateRequestSchema>;

/** What is wrong in an output, by the source's names. */
export const mismatchKindSchema = z.enum(['type_mismatch', 'value_mismatch', 'missing_property', 'array_length_mismatch']);
export type MismatchKind = z.infer<typeof mismatchKindSchema>;

export const batchValidateResponseSchema = z.object({
  task_id: programNameSchema,
  comparison_method: comparisonMethodSchema,
  total_items: z.int(),
  valid_count: z.int(),
  invalid_count: z.int(),
  accuracy_rate: z.number().min(0).max(1),
  /** In the order of the items. */
  results: z.array(
    z.object({
      id: z.string(),
      is_valid: z.boolean(),
      message: z.string(),
      /** `null` for what is right. */
      error_type: mismatchKindSchema.nullable(),
      /** How alike both are, 0 to 1. */
      confidence_score: z.number().min(0).max(1).nullable(),
    }),
  ),
  total_duration_ms: z.number(),
});
export type BatchValidateResponse = z.infer<typeof batchValidateResponseSchema>;
