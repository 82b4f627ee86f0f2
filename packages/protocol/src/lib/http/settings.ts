import { z } from 'zod';
import { jsonSchema } from '../json/json.ts';
import { nextCursorSchema } from './pages.ts';

/** One setting of the server that is in effect. */
export const settingSchema = z.object({
  /** As in the configuration file. */
  key: z.string(),
  description: z.string(),
  /** `null` for a secret, whatever it is. */
  value: jsonSchema,
  default: jsonSchema,
  is_default: z.boolean(),
  is_secret: z.boolean(),
  /** The flag and the variables that set it; `docs/configuration.md` says which comes first. */
  flag: z.string(),
  variables: z.array(z.string()),
});
export type ServerSetting = z.infer<typeof settingSchema>;

/** `GET /api/v1/settings`. */
export const settingListSchema = z.object({ settings: z.array(settingSchema), next_cursor: nextCursorSchema });
