import { z } from 'zod';
import { nextCursorSchema } from '../http/pages.ts';
import { jsonSchema } from '../json/json.ts';

/** Inputs that one comparison replays at the most. */
const DIFF_INPUTS_MAX = 100_000;

/**
 * What became of one input in both versions. `unstable`: the same version answered it in two ways, so that nothing can be said of the other.
 * `both_failing`: neither answered it.
 */
export const diffClassSchema = z.enum(['identical', 'changed', 'newly_failing', 'newly_answered', 'both_failing', 'unstable']);
export type DiffClass = z.infer<typeof diffClassSchema>;

/** `POST /tasks/{task_id}/diff` of the edge: replay inputs through a version and another one. */
export const diffRequestSchema = z
  .strictObject({
    candidate: z.int().min(1),
    /** Left out: the active version. */
    incumbent: z.int().min(1).optional(),
    /** How many of the newest logged inputs are replayed; not used with `inputs`. */
    last: z.int().min(1).max(DIFF_INPUTS_MAX).default(10_000),
    inputs: z.array(jsonSchema).min(1).max(DIFF_INPUTS_MAX).optional(),
  })
  .meta({ examples: [{ candidate: 4, last: 10_000 }] });
export type DiffRequest = z.input<typeof diffRequestSchema>;

const comparedVersionSchema = z.object({
  version: z.int(),
  digest: z.string(),
  /** Milliseconds over the answered inputs, right within 0.5 %; `null` when it answered none. */
  p50_latency_ms: z.number().nullable(),
  p99_latency_ms: z.number().nullable(),
});

/** Inputs that changed in the same way. Inputs, answers and messages are shown as JSON or text, the long ones cut off with `…`. */
export const diffKindSchema = z.object({
  class: diffClassSchema,
  kind: z.string(),
  count: z.int(),
  examples: z.array(z.object({ input: z.string(), incumbent: z.string(), candidate: z.string() })),
});
export type DiffKind = z.infer<typeof diffKindSchema>;

/** How many inputs became what, and the ways in which they changed. */
export const diffCountsSchema = z.object({
  inputs: z.int(),
  identical: z.int(),
  changed: z.int(),
  newly_failing: z.int(),
  newly_answered: z.int(),
  both_failing: z.int(),
  unstable: z.int(),
  /** The worst first, then the most frequent. */
  kinds: z.array(diffKindSchema),
  /** Inputs of further kinds, which are not listed. */
  in_other_kinds: z.int(),
});
export type DiffCounts = z.infer<typeof diffCountsSchema>;

/** How two versions of a program differ on the same inputs. */
export const behaviourDiffSchema = diffCountsSchema.extend({
  task_id: z.string(),
  candidate: comparedVersionSchema,
  incumbent: comparedVersionSchema,
  /** Where the inputs are from. */
  source: z.enum(['log', 'given']),
  /** When the oldest and the newest of the logged inputs came; `null` for given ones. */
  logged_from: z.iso.datetime({ offset: true }).nullable(),
  logged_to: z.iso.datetime({ offset: true }).nullable(),
  compared_at: z.iso.datetime({ offset: true }),
  duration_ms: z.number(),
});
export type BehaviourDiff = z.infer<typeof behaviourDiffSchema>;

/** A comparison as the control plane keeps it beside the version. */
export const storedDiffSchema = z.object({
  diff_id: z.string(),
  /** SHA-256 of `report` as canonical JSON. */
  digest: z.string(),
  execution_id: z.string().nullable(),
  requested_by: z.string().nullable(),
  created_at: z.iso.datetime({ offset: true }),
  report: behaviourDiffSchema,
});
export type StoredDiff = z.infer<typeof storedDiffSchema>;
/** The newest first. */
export const storedDiffListSchema = z.object({ diffs: z.array(storedDiffSchema), next_cursor: nextCursorSchema });
