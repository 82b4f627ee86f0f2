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
      /** Names it in the execution; its first part is the task of the workflow, for a run the phase. */
      key: z.string(),
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

/** Ids of executions, with commas between them; at most 100. */
const executionIdsSchema = z
  .string()
  .max(20_000)
  .transform((text) => text.split(','))
  .pipe(z.array(z.string().min(1).max(200)).max(100));

/** `GET /api/v1/executions?…`. */
export const listExecutionsQuerySchema = z.object({
  workflow_id: z.string().max(200).optional(),
  project_id: z.string().max(200).optional(),
  /** One of those that an execution can have; another one is INVALID_STATUS. */
  status: z.string().max(100).optional(),
  /** Text that the workflow or the project contains, A to Z in any case, or that the id begins with. */
  q: z.string().min(1).max(200).optional(),
  /** Started at this time or later. */
  created_from: time.optional(),
  created_before: time.optional(),
  /** Only executions with an open question that the caller may answer. */
  waiting_for: z.literal('me').optional(),
  execution_id: executionIdsSchema.optional(),
  /** A "-" in front: the greatest first. Where the field is the same, the newest come first. */
  sort: z
    .enum(['started_at', '-started_at', 'workflow_id', '-workflow_id', 'project_id', '-project_id', 'status', '-status'])
    .default('-started_at'),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  /** Further in, pages are read behind cursors. */
  offset: z.coerce.number().int().nonnegative().max(100_000).default(0),
  /** `next_cursor` of the page before, with the same filters and order. */
  cursor: z.string().min(1).max(2000).optional(),
});
export type ListExecutionsQuery = z.infer<typeof listExecutionsQuerySchema>;
export type ListExecutionsInput = z.input<typeof listExecutionsQuerySchema>;

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
      /** The run that it is, or was before a retry; null for one that belongs to none. */
      run: z
        .object({
          run_id: z.string(),
          project_name: z.string().nullable(),
          /** What governance and hygiene warn of; null as long as nothing was checked. */
          warnings_count: z.int().nullable(),
        })
        .nullable(),
    }),
  ),
  total: z.int(),
  next_cursor: nextCursorSchema,
});
export type ExecutionList = z.infer<typeof executionListSchema>;

/** Once that an execution stood still, for whom or for what. */
const waitSchema = z.object({
  /** Names it in the execution, as `step_progress` does. */
  key: z.string(),
  step_id: z.string().nullable(),
  /** `person`: somebody answers; `advance`: somebody lets a run go on to its next phase; `pause`: somebody resumes it; `execution`: another one ends. */
  kind: z.enum(['person', 'advance', 'pause', 'timer', 'event', 'retry', 'execution']),
  /**
   * The title of the question, the phase that is advanced to, the number of the try that failed, who paused; while it lasts the types of events and the id
   * of the execution. Null when it is not known.
   */
  subject: z.string().nullable(),
  started_at: time,
  /** Null while it lasts, and for what was given up while the execution went on: when is not recorded. */
  ended_at: time.nullable(),
  /** When it ends by itself; null when it does not, and when it has ended. */
  due_at: time.nullable(),
  /** Whether it ended without what was waited for: it expired, failed or was given up. */
  was_in_vain: z.boolean(),
});
export type Wait = z.infer<typeof waitSchema>;

/** `GET /api/v1/executions/{id}/waits`: the times that an execution stood still, the earliest first. */
export const waitListSchema = z.object({
  execution_id: z.string(),
  /** At most 1000, the last ones. */
  waits: z.array(waitSchema),
  total: z.int(),
  /** Whether the record that they are read from is whole; that of an execution which has ended is compacted after a time. */
  is_whole: z.boolean(),
});
export type WaitList = z.infer<typeof waitListSchema>;

/** `GET /api/v1/executions/{id}/why`: why an execution does not move. */
export const whySchema = z.object({
  state: z.string(),
  since: time,
  waiting_for: z.array(jsonObjectSchema),
  next_wakeup: time.nullable(),
  unblock: z.string().nullable(),
  sentence: z.string(),
});
