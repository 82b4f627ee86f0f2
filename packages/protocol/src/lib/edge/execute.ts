import { z } from 'zod';
import { jsonSchema } from '../json/json.ts';
import { aliasNameSchema } from './alias.ts';
import { programNameSchema } from './program-artifact.ts';

/** States of one run of a program. */
export const programRunStatusSchema = z.enum(['success', 'error', 'timeout']);
export type ProgramRunStatus = z.infer<typeof programRunStatusSchema>;

/** `POST /execute` of the edge: which program, by which alias (left out: `active`), and its input. `task_id` may be left out where one program is served. */
export const executeRequestSchema = z
  .strictObject({ task_id: programNameSchema.optional(), alias: aliasNameSchema.optional(), input: jsonSchema })
  .meta({ examples: [{ input: 'Win a free phone now' }] });

/** The answer to a successful {@link executeRequestSchema}. The alias, the version and its digest are in headers. */
export const executeResponseSchema = z.object({ output: jsonSchema, latency_ms: z.number().nonnegative() });
export type ExecuteResponse = z.infer<typeof executeResponseSchema>;

/** Doubled ids that are pointed to. */
const DOUBLED_MAX = 20;

/** Refuses items of a batch that have an id once more: nobody could tell whose a result is. For `superRefine` of a list of items. */
export function refuseDoubledIds(items: readonly { readonly id: string }[], context: z.RefinementCtx): void {
  const seen = new Set<string>();
  let doubled = 0;
  for (const [index, { id }] of items.entries()) {
    if (seen.has(id) && (doubled += 1) <= DOUBLED_MAX)
      context.addIssue({ code: 'custom', path: [index, 'id'], message: 'is the id of an earlier item too' });
    seen.add(id);
  }
}

/** `POST /batch/execute`: many inputs through one version, active or not. */
export const batchExecuteRequestSchema = z.strictObject({
  task_id: programNameSchema,
  version: z.int().min(1).optional(),
  /** The version that this alias points to when the batch begins; not beside `version`. */
  alias: aliasNameSchema.optional(),
  items: z
    .array(
      z.strictObject({
        id: z.string().min(1).max(200),
        input: jsonSchema,
        /** Puts the execution among the samples whatever the sampling says, if it succeeds and is logged. */
        force_validation: z.boolean().default(false),
      }),
    )
    .min(1)
    .max(100_000)
    .superRefine(refuseDoubledIds),
  max_concurrency: z.int().min(1).max(100).default(10),
  stop_on_first_error: z.boolean().default(false),
  /** Milliseconds for each item, at most what the sandbox allows, which goes before it. */
  timeout_ms: z.int().min(1).max(60_000).optional(),
  /** `false`: an evaluation; the executions are not production data and are not written to the data set. */
  log: z.boolean().default(true),
});
export type BatchExecuteRequest = z.input<typeof batchExecuteRequestSchema>;

export const batchExecuteResponseSchema = z.object({
  batch_id: z.string(),
  task_id: programNameSchema,
  version: z.int().min(1),
  /** By which alias the version was chosen; `null`: the request named the version. */
  alias: z.string().nullable(),
  total_items: z.int(),
  success_count: z.int(),
  failure_count: z.int(),
  total_duration_ms: z.number(),
  avg_latency_ms: z.number(),
  results: z.array(
    z.object({
      id: z.string(),
      execution_id: z.string().nullable(),
      success: z.boolean(),
      output: jsonSchema.optional(),
      error_message: z.string().optional(),
      latency_ms: z.number(),
      sampled_for_validation: z.boolean(),
    }),
  ),
  started_at: z.iso.datetime({ offset: true }),
  completed_at: z.iso.datetime({ offset: true }),
});
export type BatchExecuteResponse = z.infer<typeof batchExecuteResponseSchema>;
