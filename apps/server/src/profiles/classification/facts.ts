import { jsonObjectSchema, jsonSchema, programNameSchema } from '@loopwright/protocol';
import { z } from 'zod';

/** A file that a phase wrote. */
const writtenFileSchema = z.object({ path: z.string(), digest: z.string(), bytes: z.int() });
export type WrittenFile = z.infer<typeof writtenFileSchema>;

const intervalSchema = z.object({ low: z.number(), high: z.number() });
const baselineSchema = z.object({
  name: z.enum(['majority', 'one-rule']),
  rule: z.string(),
  accuracy: z.number(),
  low: z.number(),
  high: z.number(),
  n: z.int(),
});

/** Something that the result is judged by. `at_least` for shares, `at_most` for times and sizes. */
const criterionSchema = z.object({
  id: z.string(),
  title: z.string(),
  metric: z.enum(['accuracy', 'recall', 'precision', 'latency_ms', 'size_bytes']),
  label: z.string().nullable(),
  at_least: z.number().nullable(),
  /** Whether `at_least` itself is not enough: a baseline has to be beaten. */
  is_strict: z.boolean(),
  at_most: z.number().nullable(),
  source: z.string(),
});
export type Criterion = z.infer<typeof criterionSchema>;

/** What `prepare` gives: the split. */
export const splitFactsSchema = z.object({
  train: z.string(),
  holdout: z.string(),
  counts: z.object({ all: z.int(), train: z.int(), holdout: z.int() }),
  labels: z.array(z.string()),
  profile: z.looseObject({
    kind: z.enum(['text', 'tabular', 'other']),
    classes: z.int(),
    text_length: z.object({ p50: z.number() }).loose().nullable(),
  }),
});
export type SplitFacts = z.infer<typeof splitFactsSchema>;

/** What planning found out. */
export const planFactsSchema = z.object({
  baselines: z.array(baselineSchema),
  criteria: z.array(criterionSchema),
  files: z.array(writtenFileSchema),
});

/** What the design settles. */
export const designFactsSchema = z.object({ models: z.array(z.string()), files: z.array(writtenFileSchema) });

/** What `generate` gives. */
export const candidateFactsSchema = z.object({
  program: programNameSchema,
  version: z.int(),
  digest: z.string(),
  seconds: z.number(),
  tests: z.object({ passed: z.int(), failed: z.int() }).nullable(),
  warnings: z.array(z.string()),
  model: jsonSchema,
  own_holdout: jsonSchema,
});
export type CandidateFacts = z.infer<typeof candidateFactsSchema>;

/** What `evaluate` gives. */
export const evaluationFactsSchema = z.object({
  examples: z.int(),
  correct: z.int(),
  errors: z.int(),
  accuracy: z.number(),
  interval: intervalSchema,
  latency_ms: z.object({ p50: z.number(), p99: z.number() }),
  confusion: z.record(z.string(), z.record(z.string(), z.int())),
  failures: z.array(z.looseObject({ input: jsonSchema, expected: jsonSchema, given: jsonSchema })),
  dataset: z.string(),
  active_version: z.int().nullable(),
});
export type EvaluationFacts = z.infer<typeof evaluationFactsSchema>;

/** How well one label is told. A share is `null` where there is nothing to divide by. */
const classScoreSchema = z.object({
  label: z.string(),
  n: z.int(),
  precision: z.number().nullable(),
  recall: z.number().nullable(),
  f1: z.number().nullable(),
});
export type ClassScore = z.infer<typeof classScoreSchema>;

/** What became of a criterion: `met` and `missed` as measured, `certain` when the whole interval says the same. */
const verdictSchema = z.object({
  criterion: criterionSchema,
  measured: z.number().nullable(),
  interval: intervalSchema.nullable(),
  verdict: z.enum(['met', 'missed', 'not_measured']),
  certain: z.boolean().nullable(),
  reason: z.string().nullable(),
});
export type Verdict = z.infer<typeof verdictSchema>;

/** What quality assurance found. */
export const qualityFactsSchema = z.object({
  baselines: z.array(baselineSchema),
  classes: z.array(classScoreSchema),
  verdicts: z.array(verdictSchema),
  files: z.array(writtenFileSchema),
});

/** Who accepted what. */
export const decisionFactsSchema = z.looseObject({
  accepted: z.boolean(),
  comment: z.string().nullable(),
  answered_by: z.string().nullable(),
  answered_at: z.string().nullable(),
  subject_digest: z.string(),
});
export type DecisionFacts = z.infer<typeof decisionFactsSchema>;

/** What the version's report says that documents show; all of it was measured by the generator. */
export const generatorReportSchema = z.looseObject({
  model: z.string(),
  cross_validation: z
    .array(z.looseObject({ model: z.string(), accuracy: z.number(), low: z.number(), high: z.number(), n: z.int() }))
    .default([]),
  features: z.number().nullable().default(null),
  source_bytes: z.number().nullable().default(null),
  induction_seconds: z.number().nullable().default(null),
  examples: jsonObjectSchema.default({}),
});
export type GeneratorReport = z.infer<typeof generatorReportSchema>;
