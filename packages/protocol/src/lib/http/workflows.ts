import { z } from 'zod';
import { jsonObjectSchema } from '../json/json.ts';
import { nextCursorSchema } from './pages.ts';
import { budgetLimitsSchema, prioritySchema } from './budgets.ts';

/** What starts executions of a workflow by itself: `POST /api/v1/workflows/{workflow_id}/schedule/pause` and `resume` give it too. */
export const workflowScheduleSchema = z.object({
  kind: z.enum(['every', 'cron', 'after', 'on']),
  state: z.enum(['active', 'paused']),
  /** `null` while it waits for events or for the end of the last execution, and while it is paused. */
  next_due: z.string().nullable(),
  starts: z.int(),
  last_started_at: z.string().nullable(),
  last_execution_id: z.string().nullable(),
  /** Why the last start did not happen. */
  last_error: z.string().nullable(),
});
export type WorkflowSchedule = z.infer<typeof workflowScheduleSchema>;

/** One entry of `GET /api/v1/workflows`. */
export const workflowSummarySchema = z.object({
  workflow_id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  revision: z.string(),
  effective_date: z.string().nullable(),
  step_count: z.int(),
  schedule: workflowScheduleSchema.nullable(),
});
/** `GET /api/v1/workflows`, by their ids; `total` is of all of them. */
export const workflowListSchema = z.object({
  workflows: z.array(workflowSummarySchema),
  total: z.int(),
  next_cursor: nextCursorSchema,
});
export type WorkflowList = z.infer<typeof workflowListSchema>;

/** `GET /api/v1/workflows/{workflow_id}`: the source's fields, read from the definition, and the definition itself. */
export const workflowDetailSchema = z.object({
  workflow_id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  schema_version: z.string(),
  revision: z.string(),
  effective_date: z.string().nullable(),
  scopes: z.array(z.object({ name: z.string(), parent: z.string().nullable() })),
  document_types: z.array(
    z.object({ name: z.string(), scope: z.string(), acceptance_required: z.boolean(), accepted_by: z.array(z.string()) }),
  ),
  entity_types: z.array(z.object({ name: z.string(), parent_doc_type: z.string(), creates_scope: z.string() })),
  steps: z.array(
    z.object({
      step_id: z.string(),
      scope: z.string(),
      role: z.string().nullable(),
      produces: z.string().nullable(),
      is_iteration: z.boolean(),
    }),
  ),
  schedule: workflowScheduleSchema.nullable(),
  digest: z.string(),
  definition: jsonObjectSchema,
});
export type WorkflowDetail = z.infer<typeof workflowDetailSchema>;

/** `POST /api/v1/workflows/{workflow_id}/start`. `initial_context` is the input of the workflow. */
export const startWorkflowRequestSchema = z
  .strictObject({
    project_id: z.string().trim().min(1).max(200),
    initial_context: jsonObjectSchema.optional(),
    budgets: budgetLimitsSchema.optional(),
    priority: prioritySchema.optional(),
  })
  .meta({ examples: [{ project_id: 'inbox', initial_context: { text: 'Hello' }, priority: 5 }] });
export type StartWorkflowRequest = z.infer<typeof startWorkflowRequestSchema>;
