import { z } from 'zod';
import { jsonSchema } from '../json/json.ts';
import { programNameSchema } from './program-artifact.ts';

/** `learning`: there is no reference yet. `suspect`: over the threshold, not for long enough. `recovering`: calm, not for long enough. */
export const driftStateSchema = z.enum(['learning', 'stable', 'suspect', 'drifting', 'recovering']);
export type DriftState = z.infer<typeof driftStateSchema>;

/** One field of the input or the output, or one slice of the traffic, that is not as it was. */
export const driftFindingSchema = z.object({
  kind: z.enum(['input', 'output', 'quality']),
  /** Path in the input (`input.text`), `output`, or `slice empty`. */
  field: z.string(),
  /** What of it: its value, its length, its words … */
  aspect: z.string(),
  test: z.enum(['kolmogorov-smirnov', 'chi-square', 'cusum']),
  /** The value of the test: D, χ², or the log-likelihood ratio of the CUSUM. */
  statistic: z.number(),
  /** Corrected for the number of tests (Holm). For `cusum`: at most this share of validations of a stable program ends in an alarm. */
  p_value: z.number().min(0).max(1),
  /** Population stability index less what chance adds; `null` for quality. */
  psi: z.number().nonnegative().nullable(),
  /** Begin of the first window in a row that shows it. */
  since: z.iso.datetime({ offset: true }),
  /** What was, and what is, for people. */
  reference: z.string(),
  current: z.string(),
});
export type DriftFinding = z.infer<typeof driftFindingSchema>;

/** `GET /tasks/{task_id}/drift`: whether the traffic or the quality of a program is not what it was, and how that is known. */
export const driftVerdictSchema = z.object({
  task_id: programNameSchema,
  version: z.int().min(1).nullable(),
  state: driftStateSchema,
  /** The same as long as one drift lasts; `null` unless `drifting` or `recovering`. */
  drift_id: z.string().nullable(),
  since: z.iso.datetime({ offset: true }).nullable(),
  /** Why the state is what it is, and what would change it. */
  why: z.string(),
  reference_records: z.int().nonnegative(),
  window_records: z.int().nonnegative(),
  /** Windows compared so far, and those in a row that were over the threshold or calm. */
  windows: z.object({ compared: z.int(), over: z.int(), calm: z.int() }),
  /** Tests of the last window. */
  tests: z.int().nonnegative(),
  findings: z.array(driftFindingSchema),
  /** The ten inputs that show it best. */
  examples: z.array(z.object({ input: jsonSchema, executed_at: z.iso.datetime({ offset: true }) })),
});
export type DriftVerdict = z.infer<typeof driftVerdictSchema>;
