import { behaviourDiffSchema, jsonSchema } from '@loopwright/protocol';
import { z } from 'zod';

const interval = z.object({ low: z.number(), high: z.number() });
const share = z.number().nullable().default(null);

/** How a version did on examples that it was not made from. */
const evaluationSchema = z.object({
  examples: z.number(),
  correct: z.number(),
  errors: z.number(),
  /** Milliseconds. */
  latency_ms: z.object({ p50: z.number(), p99: z.number() }),
  /** Counts by expected and given label. */
  confusion: z.record(z.string(), z.record(z.string(), z.number())),
  failures: z.array(z.looseObject({ input: jsonSchema, expected: jsonSchema, given: jsonSchema })),
  /** Digest of the examples. */
  dataset: z.string().nullable().default(null),
});
export type ShownEvaluation = z.infer<typeof evaluationSchema>;

/** What became of a criterion that was set before anything was measured. */
const verdictSchema = z.object({
  criterion: z.looseObject({ title: z.string(), at_least: share, at_most: share, metric: z.string().default('') }),
  measured: z.number().nullable(),
  interval: interval.nullable(),
  verdict: z.enum(['met', 'missed', 'not_measured']),
  certain: z.boolean().nullable(),
  reason: z.string().nullable(),
});
export type ShownVerdict = z.infer<typeof verdictSchema>;

/** What `accept` shows of a version of a program (`doc_type: program_version`); what a workflow leaves out was not measured. */
export const programSubjectSchema = z.looseObject({
  program: z.string(),
  version: z.int(),
  /** Of the source: the identity of the version. */
  digest: z.string(),
  accuracy: share,
  interval: interval.nullable().default(null),
  target: share,
  evaluation: evaluationSchema.nullable().default(null).catch(null),
  tests: z.object({ passed: z.number(), failed: z.number() }).nullable().default(null).catch(null),
  active_version: z.int().nullable().default(null),
  behaviour_diff: z
    .looseObject({
      diff_id: z.string().optional(),
      report: behaviourDiffSchema.nullable(),
      reason: z.string().optional(),
    })
    .nullable()
    .default(null)
    .catch(null),
  verdicts: z.array(verdictSchema).default([]).catch([]),
  classes: z
    .array(z.object({ label: z.string(), n: z.number(), precision: share, recall: share, f1: share }))
    .default([])
    .catch([]),
});
export type ProgramSubject = z.infer<typeof programSubjectSchema>;
