import { z } from 'zod';
import { armFiguresSchema, rolloutModeSchema, shadowFiguresSchema } from '../edge/rollout.ts';
import { ACTIVE_ALIAS, aliasNameSchema } from '../edge/alias.ts';
import { nextCursorSchema } from './pages.ts';

const instant = z.iso.datetime({ offset: true });

/**
 * `in_progress` and `paused` have a share of the requests; `promoting`: the candidate was chosen and is being made active. `failed`: something else than
 * what the candidate did ended it.
 */
export const rolloutStatusSchema = z.enum(['in_progress', 'paused', 'promoting', 'completed', 'rolled_back', 'failed']);
export type RolloutStatus = z.infer<typeof rolloutStatusSchema>;

/** What is compared: the share of requests that fail, that are slow, and whose answer an oracle calls wrong. */
export const rolloutMetricSchema = z.enum(['errors', 'latency', 'validation']);
export type RolloutMetric = z.infer<typeof rolloutMetricSchema>;

/** What is known about one metric. Shares are `null` while there is nothing to count. */
export const rolloutTestSchema = z.object({
  metric: rolloutMetricSchema,
  candidate_share: z.number().nullable(),
  incumbent_share: z.number().nullable(),
  /** How much the counts speak against "the candidate is not worse", as an e-value: whoever looks how often they like sees `threshold` by chance with the probability `alpha` at the most. */
  e_value: z.number().nonnegative(),
  threshold: z.number(),
});

/** `POST …/rollouts`. */
export const startRolloutRequestSchema = z
  .strictObject({
    candidate: z.int().min(1),
    /** Whose requests are shared; in the end this alias points to the candidate. */
    alias: aliasNameSchema.default(ACTIVE_ALIAS),
    mode: rolloutModeSchema.default('canary'),
    /** Percentages, each larger than the one before and the last 100; of a shadow the first one is the share that is copied. */
    stages: z
      .array(z.number().min(0.1).max(100))
      .min(1)
      .max(20)
      .refine((stages) => stages.every((stage, index) => index === 0 || stage > (stages[index - 1] ?? 0)), 'must grow')
      .optional(),
    /** The least time of a stage. */
    stage_seconds: z.number().min(0).max(2_592_000).default(600),
    /** Requests that the candidate must have got in a stage before it goes on. */
    minimum_samples: z.int().min(0).max(10_000_000).default(100),
    comment: z.string().max(10_000).optional(),
  })
  .meta({ examples: [{ candidate: 4, stage_seconds: 600, comment: 'Retrained on the counter-examples' }] });
export type StartRolloutRequest = z.infer<typeof startRolloutRequestSchema>;

/** `POST …/rollouts/{id}/pause` and the other actions. */
export const rolloutActionRequestSchema = z
  .strictObject({ reason: z.string().max(10_000).optional() })
  .meta({ examples: [{ reason: 'Support reports odd answers' }] });
export const rolloutActionSchema = z.enum(['pause', 'resume', 'advance', 'promote', 'rollback']);
export type RolloutAction = z.infer<typeof rolloutActionSchema>;

export const rolloutHistoryEntrySchema = z.object({
  stage: z.int(),
  percentage: z.number(),
  action: z.enum(['start', 'pause', 'resume', 'advance', 'promote', 'complete', 'rollback', 'fail']),
  reason: z.string().nullable(),
  /** Who did it; `null`: the rules did. */
  by: z.string().nullable(),
  timestamp: instant,
});
export type RolloutHistoryEntry = z.infer<typeof rolloutHistoryEntrySchema>;

/** The move of a program from one version to another, step by step. */
export const rolloutSchema = z.object({
  rollout_id: z.string(),
  program: z.string(),
  alias: z.string(),
  mode: rolloutModeSchema,
  incumbent: z.int(),
  candidate: z.int(),
  status: rolloutStatusSchema,
  status_reason: z.string().nullable(),
  /** Counts from 1. */
  current_stage: z.int(),
  current_percentage: z.number(),
  stages: z.array(z.number()),
  stage_seconds: z.number(),
  minimum_samples: z.int(),
  stage_started_at: instant,
  /** Requests that the candidate got in this stage. */
  stage_samples: z.int(),
  /** What keeps it where it is; `null`: nothing, or it has ended. */
  waits_for: z.string().nullable(),
  figures: z.object({ candidate: armFiguresSchema, incumbent: armFiguresSchema }),
  tests: z.array(rolloutTestSchema),
  /** 0.3 × latency + 0.5 × validation + 0.2 × errors, each as the relative or absolute change for the better; `null`: nothing can be compared yet. */
  performance_delta: z.number().nullable(),
  /** Since the edge started last. */
  shadow: shadowFiguresSchema.nullable(),
  history: z.array(rolloutHistoryEntrySchema),
  comment: z.string().nullable(),
  created_by: z.string(),
  started_at: instant,
  completed_at: instant.nullable(),
  /** Grows with every change of what it does; the ETag is made of it. */
  revision: z.int(),
});
export type Rollout = z.infer<typeof rolloutSchema>;
/** The newest first. */
export const rolloutListSchema = z.object({ rollouts: z.array(rolloutSchema), next_cursor: nextCursorSchema });
