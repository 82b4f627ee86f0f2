import { z } from 'zod';
import { jsonObjectSchema, jsonSchema } from '../json/json.ts';

/** Model providers that a plan can name (`reference/domain.md` §0.2). */
export const llmProviderSchema = z.enum(['claude', 'kimi', 'openai']);

/** What is to be made. */
export const scaffoldingSpecSchema = z.object({
  task_description: z.string().trim().min(1).max(100_000),
  requirements: z.array(z.string().max(10_000)).max(1000).default([]),
  architecture: jsonObjectSchema.nullable().default(null),
  dependencies: z.array(z.string().max(214)).max(1000).default([]),
  file_structure: z.record(z.string(), z.string()).nullable().default(null),
  context: z.string().max(1_000_000).nullable().default(null),
});

/** One labelled example: what a program is given and what it must answer. */
export const labelledExampleSchema = z.object({ input: jsonSchema, output: jsonSchema });
export type LabelledExample = z.infer<typeof labelledExampleSchema>;

/** Kinds of programs that the induction agent learns; `auto`: it tells by the outputs of the examples. */
export const INDUCTION_GOALS = ['auto', 'classification', 'regression', 'transformation'] as const;

/**
 * What the induction agent reads from `metadata` of a plan. `agent` chooses the agent; the other members are its input.
 * `unknown_label` is the label for an input that looks like nothing in the examples, or that the program is too unsure of; with
 * `precision_target`, everything that keeps the other answers from being right so often is too unsure. `clarifications` are answers to the
 * `clarification_questions` of an earlier result: they overrule the examples and become tests. `unlabelled_inputs` are inputs without an answer, from which
 * questions are taken.
 */
export const inductionMetadataSchema = z
  .object({
    agent: z.literal('induction'),
    program_name: z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/),
    examples: z.array(labelledExampleSchema),
    goal: z.enum(INDUCTION_GOALS).default('auto'),
    unknown_label: z.string().min(1).max(200).nullable().default(null),
    accuracy_target: z.number().min(0).max(1).nullable().default(null),
    precision_target: z.number().gt(0).lt(1).nullable().default(null),
    clarifications: z.array(labelledExampleSchema).max(1000).default([]),
    unlabelled_inputs: z.array(jsonSchema).max(10_000).default([]),
    seed: z.int().nonnegative().default(1),
  })
  .refine(({ precision_target, unknown_label }) => precision_target === null || unknown_label !== null, {
    path: ['unknown_label'],
    message: 'precision_target needs an unknown_label: it is the answer of a program that abstains',
  });
export type InductionMetadata = z.infer<typeof inductionMetadataSchema>;

/** The request of the generation service: `PTCExecutionPlan` of the source, defaults and rules included. */
export const executionPlanSchema = z.object({
  execution_id: z.string().trim().min(1).max(200),
  scaffolding: scaffoldingSpecSchema,
  primary_llm: llmProviderSchema.default('claude'),
  fallback_llm: llmProviderSchema.nullable().default('kimi'),
  max_iterations: z.int().min(1).max(10).default(3),
  timeout_seconds: z.int().min(30).max(3600).default(300),
  enable_testing: z.boolean().default(true),
  cache_strategy: z.enum(['always', 'never', 'smart']).default('smart'),
  cache_ttl: z.int().nonnegative().nullable().default(3600),
  project_name: z.string().max(200).nullable().default(null),
  roma_task_id: z.string().max(200).nullable().default(null),
  created_at: z.iso.datetime({ offset: true }).optional(),
  metadata: jsonObjectSchema.default({}),
});
/** A plan with its defaults filled in. */
export type ExecutionPlan = z.infer<typeof executionPlanSchema>;
/** A plan as a caller writes it. */
export type ExecutionPlanInput = z.input<typeof executionPlanSchema>;
