import { z } from 'zod';
import { programNameSchema } from '../edge/program-artifact.ts';
import { programReferenceSchema } from './program-validation.ts';
import { startRolloutRequestSchema } from './rollouts.ts';

const instant = z.iso.datetime({ offset: true });

/** `POST /api/v1/validation/programs/canary/start`: a rollout of the mode `canary`, as the source has it (`reference/domain.md` §3.5). */
export const startCanaryRequestSchema = startRolloutRequestSchema
  .pick({ stages: true, stage_seconds: true, minimum_samples: true, comment: true })
  .extend({
    new_program_id: programReferenceSchema,
    /** The program once more. */
    task_id: programNameSchema.optional(),
    /** What is active as far as the caller knows: it begins only beside that. */
    current_program_id: programReferenceSchema.optional(),
  })
  .strict()
  .meta({ examples: [{ new_program_id: 'mail@4', current_program_id: 'mail@3' }] });

/** `POST …/canary/{id}/progress` and `…/rollback`. */
export const canaryActionRequestSchema = z
  .strictObject({ reason: z.string().max(10_000).optional() })
  .meta({ examples: [{ reason: 'Support reports odd answers' }] });

/** A rollout of the mode `canary`, as the source has it. More of it is in `GET /api/v1/programs/{name}/rollouts/{id}`. */
export const canarySchema = z.object({
  /** Also the `rollout_id`. */
  id: z.string(),
  task_id: programNameSchema,
  new_program_id: z.string(),
  current_program_id: z.string(),
  /** Counts from 1. */
  current_stage: z.int(),
  current_percentage: z.number(),
  status: z.enum(['in_progress', 'paused', 'rolled_back', 'completed', 'failed']),
  status_reason: z.string().nullable(),
  history: z.array(
    z.object({
      stage: z.int(),
      percentage: z.number(),
      action: z.string(),
      reason: z.string().nullable(),
      timestamp: instant,
    }),
  ),
  started_at: instant,
  completed_at: instant.nullable(),
});
export type Canary = z.infer<typeof canarySchema>;
