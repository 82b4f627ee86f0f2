import { z } from 'zod';

/** Who serves models, and whether the server is set up to ask them. Nobody is asked for that: whether a key is good is seen at the first call. */
export const modelProviderStateSchema = z.object({
  /** `anthropic`, `openai`, or `compatible` for any service with OpenAI's chat interface. */
  provider: z.string(),
  configured: z.boolean(),
  /** What is missing; null when nothing is. */
  reason: z.string().nullable(),
});

/** A model that is set, by the setting that names it. */
export const modelInUseSchema = z.object({
  setting: z.string(),
  /** What asks it. */
  used_for: z.string(),
  /** `provider/name`; null when none is set. */
  model: z.string().nullable(),
  usable: z.boolean(),
  /** Why it cannot be asked; null when it can. */
  reason: z.string().nullable(),
});

/** `GET /api/v1/model-providers`. */
export const modelProvidersSchema = z.object({
  providers: z.array(modelProviderStateSchema),
  models: z.array(modelInUseSchema),
});
export type ModelProviders = z.infer<typeof modelProvidersSchema>;
