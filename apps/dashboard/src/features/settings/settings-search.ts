import { z } from 'zod';

const text = z.string().max(200).optional().catch(undefined);

/** What the URL of the settings says: which part, and what is open in it. */
export const settingsSearchSchema = z.object({
  tab: z.enum(['keys', 'people', 'webhooks', 'providers', 'retention', 'audit', 'server']).optional().catch(undefined),
  /** The project whose grants are shown. */
  project: text,
  /** The webhook whose deliveries are shown. */
  webhook: text,
  /** What the audit log is narrowed to. */
  user: text,
  operation: text,
  kind: z.enum(['intent', 'outcome', 'refused', 'refusals', 'pruned']).optional().catch(undefined),
  /** What the settings of the server are narrowed to. */
  find: text,
});
export type SettingsSearch = z.infer<typeof settingsSearchSchema>;
export type SettingsTab = NonNullable<SettingsSearch['tab']>;
