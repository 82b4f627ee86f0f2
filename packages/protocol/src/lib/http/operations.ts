import { z } from 'zod';
import { jsonObjectSchema, jsonSchema } from '../json/json.ts';
import { executionStatusSchema, listExecutionsQuerySchema, whySchema } from './executions.ts';
import { nextCursorSchema } from './pages.ts';

const time = z.iso.datetime({ offset: true });
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const summarySchema = z.object({
  execution_id: z.string(),
  workflow_id: z.string(),
  project_id: z.string(),
  status: executionStatusSchema,
  started_at: time,
});

/** `GET /api/v1/workflows/{workflow_id}/versions`: every definition of a workflow, and who still runs an old one. */
export const workflowVersionsSchema = z.object({
  workflow_id: z.string(),
  versions: z.array(
    z.object({
      version: z.string(),
      digest,
      registered_at: time,
      /** Whether it is the one that is started now. */
      current: z.boolean(),
      /** How many executions are pinned to it, by status; 10,000 stands for that many or more. */
      executions: z.partialRecord(executionStatusSchema, z.int()),
    }),
  ),
  /** Executions that have not ended and run another definition than the present one, the oldest first. */
  outdated: z.array(
    summarySchema.extend({
      definition: z.object({ version: z.string(), digest }),
      /** What can be done: requests to `POST`; `finish` needs none, it goes on under the definition it has. */
      offers: z.object({
        move: z.object({ path: z.string(), body: jsonObjectSchema }).nullable(),
        finish: z.literal(true),
        cancel: z.object({ path: z.string() }),
      }),
    }),
  ),
  /** Of `outdated`. */
  next_cursor: nextCursorSchema,
});
export type WorkflowVersions = z.infer<typeof workflowVersionsSchema>;

/** `POST /api/v1/executions/{execution_id}/move`. */
export const moveRequestSchema = z
  .strictObject({
    definition_digest: digest,
    /** Only says whether it would go. */
    dry_run: z.boolean().default(false),
  })
  .meta({ examples: [{ definition_digest: 'a'.repeat(64), dry_run: true }] });
export type MoveRequest = z.input<typeof moveRequestSchema>;

/** What became of a move, or would. */
export const moveResponseSchema = z.object({
  execution_id: z.string(),
  moved: z.boolean(),
  compatible: z.boolean(),
  /** How many recorded operations the other definition comes to just the same. */
  matched: z.int(),
  /** Where it would part from what is recorded. */
  diverges_at: z.object({ key: z.string(), reason: z.string() }).nullable(),
});
export type MoveResponse = z.infer<typeof moveResponseSchema>;

/** `POST /api/v1/executions/{execution_id}/restart`. */
export const restartRequestSchema = z.strictObject({
  /** Key or name of the task to begin again at; left out, the whole workflow. */
  from: z.string().min(1).max(2000).optional(),
  /** In place of what that task got; without `from`, the input of the workflow. */
  input: jsonSchema.optional(),
});
export type RestartRequestBody = z.infer<typeof restartRequestSchema>;

/** `GET …/diagram?format=json`. */
export const diagramSchema = z.object({
  mermaid: z.string(),
  /** How the tasks of an execution stand, by their JSON pointer; empty for a definition. */
  tasks: z.record(z.string(), z.enum(['done', 'running', 'waiting', 'failed', 'skipped'])),
});
export type Diagram = z.infer<typeof diagramSchema>;

/** `GET /api/v1/executions/stuck`: executions that go on only when somebody does something, each with its reason, the oldest first. At most 500 are found at once. */
export const stuckListSchema = z.object({
  executions: z.array(summarySchema.extend({ why: whySchema })),
  total: z.int(),
  next_cursor: nextCursorSchema,
});
export type StuckList = z.infer<typeof stuckListSchema>;

export const bulkActionSchema = z.enum(['cancel', 'pause', 'resume', 'retry']);
export type BulkAction = z.infer<typeof bulkActionSchema>;

const bulkFilterSchema = z.strictObject({
  workflow_id: z.string().max(200).optional(),
  project_id: z.string().max(200).optional(),
  status: executionStatusSchema.optional(),
  definition_digest: digest.optional(),
  created_from: time.optional(),
  created_before: time.optional(),
  q: listExecutionsQuerySchema.shape.q,
  execution_id: z.array(z.string().min(1).max(200)).min(1).max(1000).optional(),
});
/** Which executions a bulk operation is for; left out, all that the action is for. */
export type BulkFilter = z.infer<typeof bulkFilterSchema>;

/** `POST /api/v1/executions/bulk`: first a preview of what a filter finds, then, with the token of the preview, the work. */
export const bulkRequestSchema = z
  .union([
    z.strictObject({
      action: bulkActionSchema,
      dry_run: z.literal(true),
      filter: bulkFilterSchema,
    }),
    z.strictObject({ token: z.string().max(200), reason: z.string().max(1000).optional() }),
  ])
  .meta({ examples: [{ action: 'cancel', dry_run: true, filter: { workflow_id: 'review', status: 'paused' } }] });
export type BulkRequest = z.infer<typeof bulkRequestSchema>;

/** What a bulk operation would do. */
export const bulkPreviewSchema = z.object({
  action: bulkActionSchema,
  /** How many executions the filter finds that the action is for. */
  count: z.int(),
  /** All of them, status by status, those that were started last first. */
  sample: z.array(summarySchema),
  /** How many more the filter finds that are runs, and are only retried as runs. */
  left_to_runs: z.int(),
  /** Names exactly these executions. */
  token: z.string(),
  expires_at: time,
});
/** What a bulk operation did, execution by execution. */
export const bulkResultSchema = z.object({
  action: bulkActionSchema,
  count: z.int(),
  done: z.int(),
  failed: z.int(),
  results: z.array(
    z.object({
      execution_id: z.string(),
      outcome: z.enum(['done', 'failed']),
      /** The execution that a retry began. */
      new_execution_id: z.string().nullable(),
      error_code: z.string().nullable(),
      message: z.string().nullable(),
    }),
  ),
});
export const bulkResponseSchema = z.union([bulkPreviewSchema, bulkResultSchema]);
export type BulkPreview = z.infer<typeof bulkPreviewSchema>;
export type BulkResult = z.infer<typeof bulkResultSchema>;
