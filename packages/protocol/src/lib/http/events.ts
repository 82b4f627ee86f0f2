import { z } from 'zod';
import { jsonObjectSchema } from '../json/json.ts';

const time = z.iso.datetime({ offset: true });
const cursor = z.int().nonnegative();

/** One event of an execution. `seq` is the cursor: `?after=SEQ` goes on behind it. */
export const executionEventSchema = z.object({
  event_type: z.string(),
  execution_id: z.string(),
  step_id: z.string().nullable(),
  timestamp: time,
  data: jsonObjectSchema,
  seq: z.int(),
});
export type ExecutionEventMessage = z.infer<typeof executionEventSchema>;

/**
 * One event in the stream of all executions. `position` is the cursor there: it counts in the order of the commits. What the platform itself tells (such as
 * `webhook_disabled`) is of no execution: both ids are null then, and `project_id` for what concerns all projects.
 */
export const globalEventSchema = executionEventSchema.extend({
  execution_id: z.string().nullable(),
  workflow_id: z.string().nullable(),
  project_id: z.string().nullable(),
  position: z.int(),
});
export type GlobalEventMessage = z.infer<typeof globalEventSchema>;

/** Events of one execution that are gone; both ends included. */
export const executionGapSchema = z.object({
  event_type: z.literal('gap'),
  execution_id: z.string(),
  from_seq: z.int(),
  to_seq: z.int(),
});
/** Events of all executions that are gone; both ends included. Some may have been such that the filter does not want. */
export const globalGapSchema = z.object({ event_type: z.literal('gap'), from_position: z.int(), to_position: z.int() });

/** What a stream says besides events. */
export const streamControlSchema = z.union([
  z.object({ event_type: z.literal('connected'), execution_id: z.string().nullable(), message: z.string() }),
  executionGapSchema,
  globalGapSchema,
  // The reader has come past events that its filter does not want.
  z.object({ event_type: z.literal('cursor'), cursor }),
  // Nothing more comes: the execution has ended.
  z.object({ event_type: z.literal('end'), cursor }),
  // The server takes leave: connect again behind the cursor.
  z.object({ event_type: z.literal('closing'), reason: z.string(), cursor, retry_after_ms: z.int() }),
]);
export type StreamControlMessage = z.infer<typeof streamControlSchema>;

/** `GET /api/v1/executions/{id}/events` as JSON. */
export const executionEventPageSchema = z.object({
  events: z.array(executionEventSchema),
  gaps: z.array(executionGapSchema),
  /** Go on with `?after=`. */
  cursor,
  has_more: z.boolean(),
  /** Whether nothing more can come. */
  is_final: z.boolean(),
});
export type ExecutionEventPage = z.infer<typeof executionEventPageSchema>;

/** `GET /api/v1/events` as JSON. */
export const globalEventPageSchema = z.object({
  events: z.array(globalEventSchema),
  gaps: z.array(globalGapSchema),
  cursor,
  has_more: z.boolean(),
});
export type GlobalEventPage = z.infer<typeof globalEventPageSchema>;
