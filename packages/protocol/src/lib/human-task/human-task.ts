import { z } from 'zod';
import { jsonObjectSchema, jsonSchema } from '../json/json.ts';
import { nextCursorSchema } from '../http/pages.ts';
import { questionSchema } from './question.ts';

/** States of a human task. Only `open` can be answered; the others are final. */
export const humanTaskStateSchema = z.enum(['open', 'answered', 'expired', 'cancelled']);
export type HumanTaskState = z.infer<typeof humanTaskStateSchema>;

/** What somebody may in a project who may answer questions there. */
export const answererRoleSchema = z.enum(['operator', 'admin']);
export type AnswererRole = z.infer<typeof answererRoleSchema>;

/** Whom a question is for: one user, or whoever has at least a role in the project. */
export const humanTaskAssigneeSchema = z.union([
  z.strictObject({ user: z.string().min(1).max(200) }),
  z.strictObject({ role: answererRoleSchema }),
]);
export type HumanTaskAssignee = z.infer<typeof humanTaskAssigneeSchema>;

/** One question put to people: an acceptance or a clarification, the same object on every face of the platform. */
export const humanTaskSchema = z.object({
  task_id: z.string(),
  execution_id: z.string(),
  workflow_id: z.string(),
  step_id: z.string(),
  kind: z.enum(['clarification', 'acceptance']),
  title: z.string(),
  message: z.string().nullable(),
  state: humanTaskStateSchema,
  /** Who may answer; null for whoever may decide in the project. */
  for: humanTaskAssigneeSchema.nullable(),
  /** What a clarification asks; empty for an acceptance. */
  questions: z.array(questionSchema),
  /** What an acceptance is about. */
  doc_type: z.string().nullable(),
  scope_id: z.string().nullable(),
  subject: jsonSchema,
  /** SHA-256 of what is shown: a decision that names another digest is refused. */
  subject_digest: z.string(),
  created_at: z.iso.datetime({ offset: true }),
  expires_at: z.iso.datetime({ offset: true }).nullable(),
  answered_at: z.iso.datetime({ offset: true }).nullable(),
  answered_by: z.string().nullable(),
  answer: jsonSchema,
});
export type HumanTask = z.infer<typeof humanTaskSchema>;

/** `GET /api/v1/tasks`: the oldest first. */
export const humanTaskListSchema = z.object({ tasks: z.array(humanTaskSchema), next_cursor: nextCursorSchema });

/** `POST …/acceptance`. Without `task_id` or `step_id` it is for the one open acceptance of the execution. */
export const acceptanceRequestSchema = z
  .strictObject({
    accepted: z.boolean(),
    comment: z.string().max(10_000).optional(),
    task_id: z.string().optional(),
    step_id: z.string().optional(),
    subject_digest: z.string().optional(),
  })
  .meta({ examples: [{ accepted: false, comment: 'The hold-out is too small' }] });
export type AcceptanceRequest = z.infer<typeof acceptanceRequestSchema>;

/** `POST …/clarification`: answers by question id. A text is converted to the kind of its question. */
export const clarificationRequestSchema = z
  .strictObject({
    answers: jsonObjectSchema,
    task_id: z.string().optional(),
    step_id: z.string().optional(),
    subject_digest: z.string().optional(),
  })
  .meta({ examples: [{ answers: { UNKNOWN_LABEL: 'unknown', ACCURACY_TARGET: 0.95 } }] });
export type ClarificationRequest = z.infer<typeof clarificationRequestSchema>;
