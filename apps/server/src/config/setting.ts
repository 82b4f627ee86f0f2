import { z } from 'zod';

/** One setting: its values, its default, and what it is for. */
export interface Setting<Schema extends z.ZodType = z.ZodType> {
  readonly schema: Schema;
  /** What holds when nobody says otherwise; checked by the same schema. */
  readonly default: z.input<Schema>;
  readonly description: string;
  /** Environment variables of other systems that mean the same; `LOOPWRIGHT_…` comes before them. */
  readonly environment?: readonly string[];
  /** Never shown, and taken from the environment only: flags are seen by every process, configuration files are copied around. */
  readonly secret?: boolean;
}

/** Keeps the type of the values between the schema and the setting. */
export const setting = <Schema extends z.ZodType>(definition: Setting<Schema>): Setting<Schema> => definition;

/** A path of the file system. */
export const pathSchema = z.string().min(1).max(4096);
