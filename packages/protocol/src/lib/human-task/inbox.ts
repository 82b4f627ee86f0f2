import { z } from 'zod';
import { nextCursorSchema } from '../http/pages.ts';
import { humanTaskSchema } from './human-task.ts';

/** What stands still until a question is answered. */
export const heldUpSchema = z.object({
  /** How many executions wait: the one that asks, and those that run it as a part of themselves. */
  executions: z.int(),
  /** The phases of the run that have not begun, in their order; empty for what is no run. */
  phases: z.array(z.string()),
  /** Of the execution: 9 is first, 0 is last. */
  priority: z.int(),
  /** Whether the execution is paused, so that an answer is taken and lets nothing go on. */
  is_paused: z.boolean(),
});
export type HeldUp = z.infer<typeof heldUpSchema>;

/** `GET /api/v1/tasks/{task_id}/context`: where a question comes from, and what waits for its answer. */
export const humanTaskContextSchema = z.object({
  project_id: z.string(),
  /** The run that the execution belongs to, itself or as a part of it; `null` for what is no run. */
  run: z
    .object({
      run_id: z.string(),
      project_name: z.string().nullable(),
      profile: z.string(),
      current_phase: z.string(),
    })
    .nullable(),
  /** Whether whoever asks may answer it as the one, or in the role, that it is for. */
  is_for_me: z.boolean(),
  holds_up: heldUpSchema,
});
export type HumanTaskContext = z.infer<typeof humanTaskContextSchema>;

/** An open question without what it shows, and its context. */
export const inboxEntrySchema = humanTaskSchema
  .pick({
    task_id: true,
    execution_id: true,
    workflow_id: true,
    step_id: true,
    kind: true,
    title: true,
    for: true,
    doc_type: true,
    scope_id: true,
    subject_digest: true,
    created_at: true,
    expires_at: true,
  })
  .extend({
    /** How many questions a clarification has; 0 for an acceptance. */
    question_count: z.int(),
    ...humanTaskContextSchema.shape,
  });
export type InboxEntry = z.infer<typeof inboxEntrySchema>;

/**
 * `GET /api/v1/inbox`: the open questions, by what they hold up: those of paused executions last; then the higher priority, the more executions and
 * phases that wait, the earlier end of the time to answer, and the older one first.
 */
export const inboxSchema = z.object({
  entries: z.array(inboxEntrySchema),
  /** Of all pages. */
  total: z.int(),
  next_cursor: nextCursorSchema,
});
export type Inbox = z.infer<typeof inboxSchema>;

/** `GET /api/v1/inbox/count`: how many entries the inbox has, all of them however many there are. */
export const inboxCountSchema = z.object({ count: z.int() });
