import { z } from 'zod';

/** What the process of a static check is given, as JSON on its standard input. */
export interface StaticCheckTask {
  /** Contents by path. */
  readonly files: Readonly<Record<string, string>>;
  /** Modules that the sandbox provides. */
  readonly provided: readonly string[];
  /** Dependencies that the operator allows. */
  readonly allowed: readonly string[];
}

/** What it writes, as JSON on its standard output. */
export const staticFindingsSchema = z
  .array(
    z.object({
      stage: z.enum(['syntax', 'types']),
      file: z.string().max(1000).nullable(),
      line: z.int().nullable(),
      message: z.string().transform((text) => text.slice(0, 2000)),
    }),
  )
  .max(100);
export type StaticFinding = z.infer<typeof staticFindingsSchema>[number];

/** What the process ends with where the compiler is not installed. */
export const NO_COMPILER = 3;

/** Whether a path names TypeScript or JavaScript. */
export function isCode(path: string): boolean {
  return /\.[cm]?[jt]s$/.test(path);
}
