import { z } from 'zod';
import { jsonSchema } from '../json/json.ts';
import { programNameSchema } from './program-artifact.ts';
import { comparisonMethodSchema } from './task-execution.ts';
import { sampleReasonSchema, validationRecordSchema } from './validation-record.ts';

/** How executions are chosen for validation: the source's three (`reference/domain.md` §3.2), and two of its later kinds (§3.5). */
export const samplingStrategySchema = z.enum(['random', 'uncertainty', 'stratified', 'edge_case', 'adaptive']);
export type SamplingStrategy = z.infer<typeof samplingStrategySchema>;

/** States of a sample. `expired`: there was no room for it any more. */
export const sampleStateSchema = z.enum(['open', 'claimed', 'answered', 'skipped', 'expired']);
export type SampleState = z.infer<typeof sampleStateSchema>;

/** Which oracle says what would have been right: people, another program, or a model. */
export const oracleKindSchema = z.enum(['people', 'program', 'model']);
export type OracleKind = z.infer<typeof oracleKindSchema>;

/** Whose confidence `uncertainty` goes by: what the program itself says with its output, or what the model of the control plane says of it. */
export const confidenceSourceSchema = z.enum(['program', 'model']);
export type ConfidenceSource = z.infer<typeof confidenceSourceSchema>;

/** One execution that waits for the right answer, or has it. Its id is that of the execution. */
export const sampleSchema = z.object({
  sample_id: z.string(),
  task_id: programNameSchema,
  program_id: z.string(),
  version: z.int().min(1).nullable(),
  input_data: jsonSchema,
  output_data: jsonSchema,
  reason: sampleReasonSchema,
  /** How sure the model was that the output is right, 0 to 1; `null`: it was not asked. */
  confidence: z.number().min(0).max(1).nullable(),
  /** The kind of input: `empty`, `simple`, `moderate`, `complex`. */
  slice: z.string(),
  state: sampleStateSchema,
  created_at: z.iso.datetime({ offset: true }),
  claimed_by: z.string().nullable(),
  claimed_until: z.iso.datetime({ offset: true }).nullable(),
  answered_by: z.string().nullable(),
  answered_at: z.iso.datetime({ offset: true }).nullable(),
  /** What the answer came to; `null` without one. */
  validation: validationRecordSchema.nullable(),
});
export type Sample = z.infer<typeof sampleSchema>;

/** US dollars that the oracle of a program may cost on a day (UTC). */
export const oracleBudgetSchema = z.object({
  day: z.iso.date(),
  /** `null`: no limit. */
  limit_usd: z.number().nullable(),
  spent_usd: z.number().nonnegative(),
  /** Nothing more is asked today. */
  exhausted: z.boolean(),
});

/** A page of samples, the oldest first. */
export const sampleListSchema = z.object({
  samples: z.array(sampleSchema),
  next_cursor: z.string().nullable(),
  oracle: oracleKindSchema,
  budget: oracleBudgetSchema,
});
export type SampleList = z.infer<typeof sampleListSchema>;

/** What was right: the output itself, or that the program's output is. Exactly one of the two. */
export const sampleAnswerSchema = z
  .strictObject({ output: jsonSchema.optional(), correct: z.literal(true).optional() })
  .refine(({ output, correct }) => (output === undefined) !== (correct === undefined), 'Give either `output` or `correct`')
  .meta({ examples: [{ output: 'spam' }, { correct: true }] });
export type SampleAnswer = z.infer<typeof sampleAnswerSchema>;

/** A share of matches with its Wilson interval at 95 %. */
const matchShareSchema = z.object({
  total: z.int().nonnegative(),
  matched: z.int().nonnegative(),
  /** `null`: nothing was validated. */
  share: z.number().min(0).max(1).nullable(),
  low: z.number().min(0).max(1),
  high: z.number().min(0).max(1),
});
export type MatchShare = z.infer<typeof matchShareSchema>;

/** `GET /tasks/{task_id}/validation`: what validations say about each version. */
export const validationSummarySchema = z.object({
  task_id: programNameSchema,
  oracle: oracleKindSchema,
  strategy: samplingStrategySchema,
  rate: z.number().min(0).max(1),
  confidence_by: confidenceSourceSchema,
  /** Executions that wait for the model to say how sure it is of them; the least sure become samples. */
  candidates: z.int().nonnegative(),
  budget: oracleBudgetSchema,
  /** How outputs are compared with what the oracle says, and from which similarity on they match. */
  comparison: z.object({ method: comparisonMethodSchema, threshold: z.number().min(0).max(1) }),
  samples: z.object({ open: z.int(), claimed: z.int(), answered: z.int(), skipped: z.int(), expired: z.int() }),
  versions: z.array(
    z.object({
      version: z.int().nullable(),
      /** The samples taken by chance alone: an estimate for all traffic. */
      estimate: matchShareSchema,
      all: matchShareSchema,
      /** Mean similarity to what the oracle said; `null`: none was counted. */
      average_score: z.number().min(0).max(1).nullable(),
      by_reason: z.record(z.string(), matchShareSchema),
      by_slice: z.record(z.string(), matchShareSchema),
    }),
  ),
});
export type ValidationSummary = z.infer<typeof validationSummarySchema>;
