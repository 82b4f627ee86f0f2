import { z } from 'zod';

/** One part of the hygiene of a workspace. */
export const hygieneComponentSchema = z.object({
  component: z.enum(['no_orphans', 'no_large_files', 'no_dead_code', 'no_notebook_outputs', 'no_secrets']),
  weight: z.number(),
  /** What was counted; `null`: it was not, and `reason` says why. */
  count: z.int().nullable(),
  /** From 0 to 1; `null` when nothing was counted: the other weights then count for more. */
  factor: z.number().nullable(),
  reason: z.string().nullable(),
});
export type HygieneComponent = z.infer<typeof hygieneComponentSchema>;

/** How tidy a workspace is. */
export const hygieneSchema = z.object({
  /** 0 to 100; `null` when no component was measured. */
  score: z.number().nullable(),
  grade: z.enum(['A+', 'A', 'B+', 'B', 'C+', 'C', 'D', 'F']).nullable(),
  reason: z.string().nullable(),
  components: z.array(hygieneComponentSchema),
  /** The worst places, at most 50. */
  findings: z.array(z.object({ file: z.string(), line: z.int().nullable(), message: z.string() })),
});
export type Hygiene = z.infer<typeof hygieneSchema>;
