import { z } from 'zod';
import { jsonObjectSchema, jsonSchema } from '../json/json.ts';
import { nextCursorSchema } from './pages.ts';
import { budgetStateSchema, prioritySchema } from './budgets.ts';

export const executionStatusSchema = z.enum([
  'pending',
  'running',
  'waiting_clarification',
  'waiting_acceptance',
  'paused',
  'completed',
  'failed',
  'cancelled',
]);

const time = z.iso.datetime({ offset: true });

/** The state of an execution: `seeds/004`'s fields, then what the platform adds. */
export const executionResponseSchema = z.object({
  execution_id: z.string(),
  workflow_id: z.string(),
  project_id: z.string(),
  status: executionStatusSchema,
  current_step_id: z.string().nullable(),
  completed_steps: z.array(z.string()),
  pending_acceptance: z
    .object({
      doc_type: z.string(),
      scope_id: z.string().nullable(),
      document_preview: jsonSchema,
      task_id: z.string(),
      subject_digest: z.string(),
    })
    .nullable(),
  pending_clarification: z
    .object({
      step_id: z.string(),
      questions: z.array(
        z.object({
          id: z.string(),
          text: z.string(),
          context: z.string().nullable(),
          priority: z.string(),
          answer_type: z.string(),
          choices: z.array(z.string()).nullable(),
          default: jsonSchema,
          required: z.boolean(),
        }),
      ),
      task_id: z.string(),
      subject_digest: z.string(),
    })
    .nullable(),
  step_progress: z.array(
    z.object({
      step_id: z.string(),
      status: z.enum(['executing', 'clarifying', 'waiting', 'completed', 'failed', 'cancelled']),
      started_at: time.nullable(),
      completed_at: time.nullable(),
      attempt: z.int(),
      /** Whether it was taken over from the execution that this one was restarted from. */
      shared: z.boolean(),
    }),
  ),
  started_at: time.nullable(),
  completed_at: time.nullable(),
  error: z.string().nullable(),
  /** The error as the DSL's problem document. */
  error_document: jsonObjectSchema.nullable(),
  output: jsonSchema,
  started_by: z.string(),
  /** The execution that runs this one by `run: workflow`. */
  parent_execution_id: z.string().nullable(),
  /** Those that this one runs or ran, the oldest first. */
  child_execution_ids: z.array(z.string()),
  definition: z.object({ version: z.string(), digest: z.string() }),
  priority: prioritySchema,
  /** Null when nothing limits the execution and no step reported what it used. */
  budget: budgetStateSchema.nullable(),
  /** Where it comes from, when it is the restart or the retry of another one; `task` is `null` when it began at the beginning. */
  restarted_from: z.object({ execution_id: z.string(), task: z.string().nullable(), key: z.string().nullable() }).nullable(),
});
export type ExecutionResponse = z.infer<typeof executionResponseSchema>;

/** `GET /api/v1/executions`. */
export const executionListSchema = z.object({
  executions: z.array(
    z.object({
      execution_id: z.string(),
      workflow_id: z.string(),
      project_id: z.string(),
      status: executionStatusSchema,
      started_at: time.nullable(),
      completed_at: time.nullable(),
    }),
  ),
  total: z.int(),
  next_cursor: nextCursorSchema,
});
export type ExecutionList = z.infer<typeof executionListSchema>;

/** `GET /api/v1/executions/{id}/why`: why an execution does not move. */
export const whySchema = z.object({
  state: z.string(),
  since: time,
  waiting_for: z.array(jsonObjectSchema),
  next_wakeup: time.nullable(),
  unblock: z.string().nullable(),
  sentence: z.string(),
});
