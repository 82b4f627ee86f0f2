import { z } from 'zod';
import { jsonObjectSchema } from '../json/json.ts';
import { nextCursorSchema } from './pages.ts';
import { projectionSchema } from './runs.ts';

/** What a run can be made of. */
export const profileSchema = z.object({
  /** As `POST /runs` takes it. */
  profile: z.string(),
  title: z.string(),
  summary: z.string().nullable(),
  version: z.string(),
  aliases: z.array(z.string()),
  /** In the order in which they run. */
  phases: z.array(z.object({ phase: z.string(), title: z.string(), agents: z.array(z.string()), gates: z.array(z.string()) })),
  /** Whether a model provider is asked: without one such a phase fails. */
  asks_models: z.boolean(),
  /** Why the models cannot be asked as the server is set up; null when they can, or none is asked. */
  models_reason: z.string().nullable(),
  /** JSON Schema of the `inputs` of a run; null when the profile says nothing of them. */
  inputs_schema: jsonObjectSchema.nullable(),
});
export type ProfileView = z.infer<typeof profileSchema>;

/** `GET /api/v1/profiles`: a page of the profiles, by name. */
export const profileListSchema = z.object({ profiles: z.array(profileSchema), total: z.int(), next_cursor: nextCursorSchema });

/** `GET /api/v1/profiles/{profile}/estimate?project_id=`: what a run that is not made yet is to be expected to take, from completed ones. */
export const runEstimateSchema = z.object({
  profile: z.string(),
  project_id: z.string(),
  /** Seconds from the first phase to the end, people's time included. */
  time: projectionSchema,
  /** US dollars. */
  cost: projectionSchema,
});
export type RunEstimate = z.infer<typeof runEstimateSchema>;
