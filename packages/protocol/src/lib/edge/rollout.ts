import { z } from 'zod';
import { diffCountsSchema } from './behaviour-diff.ts';

/** `canary`: the candidate answers a share of the requests. `shadow`: it runs beside them, and nobody sees its answers. */
export const rolloutModeSchema = z.enum(['canary', 'shadow']);
export type RolloutMode = z.infer<typeof rolloutModeSchema>;

/** `rollout.json` in the folder of a program: what the edge does beside serving the active version, while that is the incumbent. */
export const rolloutPlanSchema = z.object({
  rollout_id: z.string().min(1).max(100),
  mode: rolloutModeSchema,
  incumbent: z.int().min(1),
  candidate: z.int().min(1),
  /** The share of the requests that the candidate gets, 0 to 100. */
  percentage: z.number().min(0).max(100),
});
export type RolloutPlan = z.infer<typeof rolloutPlanSchema>;

/** What one of the two versions did in a rollout. */
export const armFiguresSchema = z.object({
  requests: z.int().nonnegative(),
  /** Requests without an answer: the program failed, took too long, or refused the input. */
  failures: z.int().nonnegative(),
  answered: z.int().nonnegative(),
  /** Sum over the answered ones, in milliseconds. */
  latency_sum_ms: z.number().nonnegative(),
  /** Answered requests for which there was a limit to be slower than, and those that were. */
  timed: z.int().nonnegative(),
  slow: z.int().nonnegative(),
  validated: z.int().nonnegative(),
  mismatched: z.int().nonnegative(),
});
export type ArmFigures = z.infer<typeof armFiguresSchema>;

/** What a version did that has got no request. */
export const NO_FIGURES: ArmFigures = Object.freeze({
  requests: 0,
  failures: 0,
  answered: 0,
  latency_sum_ms: 0,
  timed: 0,
  slow: 0,
  validated: 0,
  mismatched: 0,
});

/** How a shadow's answers differ from those that were given; `skipped` were not run, so that no answer had to wait. */
export const shadowFiguresSchema = diffCountsSchema.extend({ skipped: z.int().nonnegative() });
export type ShadowFigures = z.infer<typeof shadowFiguresSchema>;

/** `GET /tasks/{task_id}/rollout` of the edge: its counts since `epoch` began. */
export const edgeRolloutSchema = z.object({
  rollout_id: z.string(),
  epoch: z.string(),
  percentage: z.number(),
  /** Why the candidate gets nothing; `null`: it gets its share. */
  trouble: z.string().nullable(),
  candidate: armFiguresSchema,
  incumbent: armFiguresSchema,
  shadow: shadowFiguresSchema.nullable(),
});
export type EdgeRolloutFigures = z.infer<typeof edgeRolloutSchema>;
export const edgeRolloutAnswerSchema = z.object({ rollout: edgeRolloutSchema.nullable() });
