import { z } from 'zod';
import { jsonObjectSchema } from '../json/json.ts';

/** What an event of a generation can be about (`reference/domain.md` §0.8). */
export const generationEventTypeSchema = z.enum([
  'connected',
  'disconnected',
  'execution_started',
  'execution_completed',
  'execution_failed',
  'progress',
  'stage_started',
  'stage_completed',
  'validation_started',
  'validation_passed',
  'validation_failed',
  'validation_warning',
  'code_generating',
  'code_generated',
  'code_block_ready',
  'test_started',
  'test_passed',
  'test_failed',
  'error',
  'warning',
]);

/** One event of a generation under way: `StreamMessage` of the source, the `data` of a server-sent event. */
export const generationEventSchema = z.object({
  id: z.string().max(200),
  event_type: generationEventTypeSchema,
  timestamp: z.iso.datetime({ offset: true }),
  execution_id: z.string().max(200).nullable().default(null),
  stage: z.string().max(200).nullable().default(null),
  /** Share of the work that is done, 0 … 1. */
  progress: z.number().min(0).max(1).nullable().default(null),
  message: z.string().max(10_000).nullable().default(null),
  data: jsonObjectSchema.nullable().default(null),
  error: z.string().max(10_000).nullable().default(null),
});
export type GenerationEvent = z.infer<typeof generationEventSchema>;
