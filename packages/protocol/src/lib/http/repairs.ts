import { z } from 'zod';
import { driftVerdictSchema } from '../edge/drift.ts';

/** A repair is `open` from the moment that it is decided until its execution has ended. */
export const repairStateSchema = z.enum(['open', 'promoted', 'rejected', 'failed', 'cancelled']);
export type RepairState = z.infer<typeof repairStateSchema>;

/** An execution that makes a program again because its traffic or its quality has drifted, or because somebody asked for it. */
export const repairSchema = z.object({
  repair_id: z.string(),
  program: z.string(),
  project_id: z.string(),
  state: repairStateSchema,
  /** Why it failed before it could begin, or how its execution ended. */
  reason: z.string().nullable(),
  /** The execution of the workflow; `null` until it was begun. */
  execution_id: z.string().nullable(),
  /** Digest of the examples with the counter-examples. */
  examples: z.string().nullable(),
  counterexamples: z.int().nonnegative(),
  /** The verdict that opened it, or what it was when somebody asked for it. */
  verdict: driftVerdictSchema,
  /** Who asked for it; `null`: drift opened it. */
  requested_by: z.string().nullable(),
  comment: z.string().nullable(),
  opened_at: z.iso.datetime({ offset: true }),
  closed_at: z.iso.datetime({ offset: true }).nullable(),
});
export type Repair = z.infer<typeof repairSchema>;

/** The repairs of a program, the newest first, and why none is opened now. */
export const repairListSchema = z.object({
  repairs: z.array(repairSchema),
  /** What keeps a repair from being opened; `null` when one is open, or nothing drifts. */
  waiting_for: z.string().nullable(),
  next_cursor: z.string().nullable(),
});
