import { z } from 'zod';
import { nextCursorSchema } from './pages.ts';

const instant = z.iso.datetime({ offset: true });

/** A stretch of time in which an alias of a program pointed to a version. */
export const timelineEntrySchema = z.object({
  version: z.int(),
  digest: z.string().nullable(),
  /** The version before; `null`: there was none. */
  from: z.int().nullable(),
  at: instant,
  /** When another one took its place, or the alias was removed; `null`: it points there. */
  until: instant.nullable(),
  /** Who accepted or moved it; `null` where the record does not say. */
  moved_by: z.string().nullable(),
  /** What they said; `null`: nothing. */
  why: z.string().nullable(),
  /** Whether it was a rollback to a version that had been active. */
  is_rollback: z.boolean(),
  /** The execution that promoted it; `null`: a person or a rollout did. */
  execution_id: z.string().nullable(),
  /** The rollout that ended with it. */
  rollout_id: z.string().nullable(),
  /** The comparison that was shown before; `null`: none was. */
  diff: z.object({ id: z.string(), digest: z.string() }).nullable(),
  /** Names the record of the move, with all its evidence. */
  promotion_id: z.string(),
});
export type TimelineEntry = z.infer<typeof timelineEntrySchema>;

/** `GET …/timeline?at=&alias=`: where an alias pointed when, and why. */
export const programTimelineSchema = z.object({
  program: z.string(),
  alias: z.string(),
  /** The instant that was asked for; now, when none was. */
  at: instant,
  /** What it pointed to then; `null`: nothing. */
  active: timelineEntrySchema.nullable(),
  /** The version that a rollback would serve now; `null`: none was active before the one that is. */
  rollback_to: z.int().nullable(),
  /** The stretches, the oldest first, or with `sort=-at` the newest. */
  entries: z.array(timelineEntrySchema),
  /** Of all of them. */
  total: z.int(),
  next_cursor: nextCursorSchema,
});
export type ProgramTimeline = z.infer<typeof programTimelineSchema>;

/** `POST …/rollback`. */
export const moveBackRequestSchema = z
  .strictObject({ reason: z.string().max(10_000).optional() })
  .meta({ examples: [{ reason: 'Version 4 answers too slowly' }] });
