import { z } from 'zod';
import { programNameSchema } from '../edge/program-artifact.ts';
import { rolloutTestSchema } from './rollouts.ts';

const instant = z.iso.datetime({ offset: true });
const share = z.number().min(0).max(1);

/**
 * Names a version of a program, as the source's `{id}` does: the id that executions have as `program_id`, `name@version`, or the name alone for the
 * active version.
 */
export const programReferenceSchema = z
  .string()
  .min(1)
  .max(300)
  .regex(/^[^\p{Cc}]+$/u, 'has control characters');

const referencedSchema = z.object({ program_id: z.string(), task_id: programNameSchema, version: z.int().min(1) });

/** `GET /api/v1/validation/programs/{id}/summary`: what oracles said of a version. */
export const validationStatisticsSchema = referencedSchema.extend({
  total_validations: z.int().nonnegative(),
  valid_count: z.int().nonnegative(),
  invalid_count: z.int().nonnegative(),
  /** Mean similarity to what the oracles said; `null`: nothing was validated, or only by an edge that did not count it yet. */
  average_score: share.nullable(),
  /** `null`: nothing was validated. */
  validation_rate: share.nullable(),
  /** Wilson interval of it at 95 %; `null`: nothing was validated. */
  interval: z.object({ low: share, high: share }).nullable(),
  /** The same over those that were sampled by chance alone: an estimate for all traffic. `null`: there are none. */
  estimated_rate: share.nullable(),
});
export type ValidationStatistics = z.infer<typeof validationStatisticsSchema>;

/** `GET …/recommendations`: whether a version should be made again, and from what. */
export const recommendationsSchema = referencedSchema.extend({
  /** At least 5 validations and fewer than 70 % of them right (`reference/domain.md` §3.5). */
  should_improve: z.boolean(),
  validation_rate: share.nullable(),
  failed_validations_count: z.int().nonnegative(),
  /** What is wrong most often, the most frequent first. */
  common_errors: z.array(z.string()),
  suggested_fixes: z.array(z.string()),
  /** The probability, after what was seen, that the rate lies on the side of 70 % that `should_improve` says; `null`: nothing was validated. */
  confidence: share.nullable(),
});
export type Recommendations = z.infer<typeof recommendationsSchema>;

/** `POST …/improve`: makes the program again with what oracles said as examples; a person accepts what comes of it. */
export const improveRequestSchema = z
  .strictObject({ reason: z.string().max(10_000).optional() })
  .meta({ examples: [{ reason: 'Support reports wrong answers' }] });

export const improveResponseSchema = z.object({
  /** The repair was begun. */
  success: z.boolean(),
  repair_id: z.string(),
  execution_id: z.string(),
  /** What the version will be called is known when it was generated: `GET /api/v1/programs/{name}/repairs` tells. */
  new_program_id: z.string().nullable(),
  new_version: z.int().nullable(),
  changes_applied: z.array(z.string()),
});
export type ImproveResponse = z.infer<typeof improveResponseSchema>;

/** `POST /api/v1/validation/programs/compare`, with the source's defaults. */
export const compareProgramsRequestSchema = z
  .strictObject({
    control_program_id: programReferenceSchema,
    /** Another version of the same program. */
    treatment_program_id: programReferenceSchema,
    configuration: z
      .strictObject({
        minimum_sample_size: z.int().min(1).max(10_000_000).default(100),
        required_confidence: z.number().min(0.5).max(0.999_999).default(0.95),
        max_degradation_threshold: z.number().min(0).max(1).default(0.05),
        min_improvement_threshold: z.number().min(0).max(1).default(0.02),
        test_duration_hours: z.number().min(0.01).max(8760).default(24),
      })
      .prefault({}),
  })
  .meta({ examples: [{ control_program_id: 'mail@3', treatment_program_id: 'mail@4' }] });
export type CompareProgramsRequest = z.infer<typeof compareProgramsRequestSchema>;

/** What one version did; shares and averages are `null` where nothing was counted. */
export const comparedMetricsSchema = z.object({
  program_id: z.string(),
  version: z.int(),
  sample_size: z.int().nonnegative(),
  error_rate: share.nullable(),
  average_latency_ms: z.number().nonnegative().nullable(),
  total_validations: z.int().nonnegative(),
  validation_rate: share.nullable(),
});

export const compareProgramsResponseSchema = z.object({
  task_id: programNameSchema,
  control_metrics: comparedMetricsSchema,
  treatment_metrics: comparedMetricsSchema,
  /** As in a rollout: above 0 the treatment is better; `null`: nothing can be compared. */
  performance_delta: z.number().nullable(),
  /**
   * The inverse of the mean e-value of all metrics in both directions: in a rollout it is right however often somebody looks, else for one look. `null`:
   * nothing can be compared.
   */
  p_value: share.nullable(),
  is_significant: z.boolean(),
  /** How much speaks for a treatment that is worse, by metric, and for one that is better. */
  tests: z.array(rolloutTestSchema.extend({ e_value_better: z.number().nonnegative() })),
  recommendation: z.enum(['promote', 'rollback', 'continue', 'manual_review']),
  confidence: z.enum(['high', 'medium', 'low']),
  reason: z.string(),
  /** `rollout`: requests were shared by lot, and only this can say that the version is the cause. `history`: what each did in its own time. */
  source: z.enum(['rollout', 'history']),
  rollout_id: z.string().nullable(),
  compared_at: instant,
});
export type CompareProgramsResponse = z.infer<typeof compareProgramsResponseSchema>;
