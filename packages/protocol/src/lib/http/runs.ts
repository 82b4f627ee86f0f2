import { z } from 'zod';
import { jsonObjectSchema } from '../json/json.ts';
import { budgetLimitsSchema } from './budgets.ts';

const time = z.iso.datetime({ offset: true });
const seconds = z.number().nonnegative();
const usd = z.number().nonnegative();

/** The words of `seeds/001`, and `cancelled`. */
export const runStatusSchema = z.enum(['running', 'paused', 'completed', 'failed', 'cancelled']);
export type RunStatus = z.infer<typeof runStatusSchema>;

/** The words of `seeds/001`, and `skipped` for a phase that its condition left out. A phase that waits for people is `in_progress`. */
export const phaseStatusSchema = z.enum(['pending', 'in_progress', 'completed', 'failed', 'skipped']);
export type PhaseStatus = z.infer<typeof phaseStatusSchema>;

/** `manual`: each phase begins when somebody advances to it; `auto`: the run advances by itself and stops where people are asked. */
export const runModeSchema = z.enum(['manual', 'auto']);
export type RunMode = z.infer<typeof runModeSchema>;

const projectId = z.string().regex(/^[\w.@:-]{1,200}$/, 'is no id of a project');
const intake = z.string().max(200_000);
const projectName = z.string().trim().min(1).max(200);

/** `POST /runs`: `seeds/001`'s fields, then what the platform adds. */
export const createRunRequestSchema = z
  .strictObject({
    profile: z.string().min(1).max(63),
    intake: intake.nullish(),
    project_name: projectName.nullish(),
    metadata: jsonObjectSchema.default({}),
    project_id: projectId.default('default'),
    mode: runModeSchema.default('manual'),
    /** What the run may use; without it what the profile says, then the server. */
    budget: budgetLimitsSchema.optional(),
    /** What the profile works on, such as `{"examples": DIGEST}`. */
    inputs: jsonObjectSchema.default({}),
  })
  .meta({ examples: [{ profile: 'ml_classification', intake: 'Sort the inbox, at least 95 % right', project_name: 'Inbox' }] });
export type CreateRunRequest = z.infer<typeof createRunRequestSchema>;

/** `POST /runs/{id}/clone`: what is to be different. */
export const cloneRunRequestSchema = z.strictObject({
  profile: z.string().min(1).max(63).optional(),
  intake: intake.nullish(),
  project_name: projectName.nullish(),
  metadata: jsonObjectSchema.optional(),
  project_id: projectId.optional(),
  mode: runModeSchema.optional(),
  budget: budgetLimitsSchema.optional(),
  inputs: jsonObjectSchema.optional(),
});
export type CloneRunRequest = z.infer<typeof cloneRunRequestSchema>;

/** A time, or a day, which stands for its beginning in UTC. */
const sinceSchema = z.union([z.iso.datetime({ offset: true }), z.iso.date()], {
  error: 'is no day like 2026-01-31 and no time like 2026-01-31T12:00:00Z',
});

/** `GET /runs?…`. */
export const listRunsQuerySchema = z.strictObject({
  status: runStatusSchema.optional(),
  profile: z.string().min(1).max(63).optional(),
  project_id: projectId.optional(),
  created_after: sinceSchema.optional(),
  created_before: sinceSchema.optional(),
  /** Text that the id, the name of the project, the intake or the profile contains, A to Z in any case; or the whole id of one of its executions. */
  q: z.string().min(1).max(200).optional(),
  /** Only runs with an open question that the caller may answer. */
  waiting_for: z.literal('me').optional(),
  /** Only these: ids of runs, or of executions that they are or were, with commas between them; at most 100. */
  run_id: z
    .string()
    .max(10_000)
    .transform((text) => text.split(','))
    .pipe(z.array(z.string().min(1).max(200)).max(100))
    .optional(),
  /** A "-" in front: the greatest first. */
  sort: z
    .enum([
      'created_at',
      '-created_at',
      'updated_at',
      '-updated_at',
      'profile',
      '-profile',
      'project_name',
      '-project_name',
      'status',
      '-status',
    ])
    .default('-created_at'),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  offset: z.coerce.number().int().nonnegative().max(1_000_000_000).default(0),
  /** `next_cursor` of the page before, with the same filters and order. */
  cursor: z.string().max(2000).optional(),
});
export type ListRunsQuery = z.infer<typeof listRunsQuerySchema>;
export type ListRunsInput = z.input<typeof listRunsQuerySchema>;

/** `GET /runs/{id}/artifacts?…`; without a limit all of them. */
export const listArtifactsQuerySchema = z
  .strictObject({
    phase: z.string().min(1).max(63).optional(),
    limit: z.coerce.number().int().min(1).max(500).optional(),
    offset: z.coerce.number().int().nonnegative().max(1_000_000_000).default(0),
    /** From 1; with `limit`, in place of `offset`. */
    page: z.coerce.number().int().min(1).max(1_000_000).optional(),
    /** `next_cursor` of the page before, with the same phase; in place of `offset`. */
    cursor: z.string().min(1).max(4000).optional(),
  })
  .refine(({ page, limit }) => page === undefined || limit !== undefined, { path: ['limit'], message: 'is needed with page' });

/** `POST /runs/{id}/next`. */
export const advanceRunRequestSchema = z.strictObject({ skip_validation: z.boolean().default(false) });

export const advanceRunResponseSchema = z.object({
  run_id: z.string(),
  /** The phase that was advanced to, and has run unless the message says otherwise. */
  previous_phase: z.string(),
  /** The phase that comes next; the last one when the run is completed. */
  current_phase: z.string(),
  status: runStatusSchema,
  message: z.string(),
});
export type AdvanceRunResponse = z.infer<typeof advanceRunResponseSchema>;

export const runSummarySchema = z.object({
  run_id: z.string(),
  profile: z.string(),
  project_name: z.string().nullable(),
  current_phase: z.string(),
  status: runStatusSchema,
  created_at: time,
  /** When something last changed in the record, not when it was asked for. */
  updated_at: time,
  project_id: z.string(),
  cloned_from: z.string().nullable(),
});
export type RunSummary = z.infer<typeof runSummarySchema>;

const tokenUsageSchema = z.object({ input: z.int().nonnegative(), output: z.int().nonnegative() });

/** What was expected to be paid before, what was paid, and how far the one was from the other, in US dollars; what is null has a reason. */
export const costComparisonSchema = z.object({
  /** What the estimate rests on: the estimates before each call, or, for a phase that has not begun, what it cost in completed runs. */
  basis: z.enum(['calls', 'past_runs']).nullable(),
  estimated_usd: usd.nullable(),
  /** With calls the sum of their tenth percentiles, with past runs where nine in ten lay. */
  low_usd: usd.nullable(),
  high_usd: usd.nullable(),
  actual_usd: usd.nullable(),
  /** What was paid less what was expected. */
  error_usd: z.number().nullable(),
  /** The error as a share of what was expected; null when that is nothing. */
  error_ratio: z.number().nullable(),
  reason: z.string().nullable(),
});
export type CostComparison = z.infer<typeof costComparisonSchema>;

/** What one agent has used in a phase, as its steps reported it. */
export const agentUsageSchema = z.object({
  agent: z.string(),
  provider: z.string().nullable(),
  model: z.string().nullable(),
  calls: z.int(),
  /** Null when only a sum, or nothing, was reported. */
  token_usage: tokenUsageSchema.nullable(),
  total_tokens: z.int().nullable(),
  /** Null when no price is known. */
  cost_usd: usd.nullable(),
  cost: costComparisonSchema,
});
export type AgentUsage = z.infer<typeof agentUsageSchema>;

export const phaseInfoSchema = z.object({
  phase: z.string(),
  status: phaseStatusSchema,
  started_at: time.nullable(),
  completed_at: time.nullable(),
  duration_seconds: seconds.nullable(),
  agent_ids: z.array(z.string()),
  artifacts_count: z.int(),
  advanced_by: z.string().nullable(),
  skip_validation: z.boolean(),
  error_message: z.string().nullable(),
  cost: costComparisonSchema,
  per_agent: z.array(agentUsageSchema),
});
export type PhaseInfo = z.infer<typeof phaseInfoSchema>;

export const runDetailSchema = z.object({
  run_id: z.string(),
  profile: z.string(),
  intake: z.string().nullable(),
  project_name: z.string().nullable(),
  current_phase: z.string(),
  status: runStatusSchema,
  phases: z.array(phaseInfoSchema),
  created_at: time,
  updated_at: time,
  completed_at: time.nullable(),
  total_duration_seconds: seconds.nullable(),
  metadata: jsonObjectSchema,
  project_id: z.string(),
  mode: runModeSchema,
  inputs: jsonObjectSchema,
  created_by: z.string(),
  cloned_from: z.string().nullable(),
  execution_id: z.string(),
  error_message: z.string().nullable(),
  /** Of the calls that were made so far. */
  cost: costComparisonSchema,
});
export type RunDetail = z.infer<typeof runDetailSchema>;

/** A run as lists have it. */
export const runListItemSchema = runSummarySchema.extend({
  /** The execution that the run is now. */
  execution_id: z.string(),
  /** Questions that wait for people. */
  open_tasks: z.int().nonnegative(),
  /** What the last checks of its phases warned of or blocked; null when nothing was checked. */
  warnings_count: z.int().nonnegative().nullable(),
});
export type RunListItem = z.infer<typeof runListItemSchema>;

export const listRunsResponseSchema = z.object({
  runs: z.array(runListItemSchema),
  /** Of all that fit, before paging. */
  total: z.int(),
  limit: z.int(),
  offset: z.int(),
  /** The `cursor` of the next page; null on the last one. */
  next_cursor: z.string().nullable(),
});
export type ListRunsResponse = z.infer<typeof listRunsResponseSchema>;

export const artifactSummarySchema = z.object({
  artifact_id: z.string(),
  phase: z.string(),
  /** From the folder of workspaces: `{run_id}/artifacts/{phase}/{name}`. */
  path: z.string(),
  /** Below the folder of its phase. */
  name: z.string(),
  description: z.string().nullable(),
  artifact_type: z.string(),
  size_bytes: z.int(),
  created_at: time,
  /** SHA-256 of the content, hexadecimal. */
  hash: z.string(),
});
export type ArtifactSummary = z.infer<typeof artifactSummarySchema>;

export const artifactsResponseSchema = z.object({
  run_id: z.string(),
  artifacts_by_phase: z.record(z.string(), z.array(artifactSummarySchema)),
  total_count: z.int(),
  limit: z.int().nullable(),
  offset: z.int(),
  /** The `cursor` of the next page; null on the last one. */
  next_cursor: z.string().nullable(),
});
export type ArtifactsResponse = z.infer<typeof artifactsResponseSchema>;

export const phaseMetricsSchema = z.object({
  phase: z.string(),
  duration_seconds: seconds.nullable(),
  token_usage: tokenUsageSchema.nullable(),
  cost_usd: usd.nullable(),
  agents_executed: z.array(z.string()),
  artifacts_generated: z.int(),
  /** Null when no gate was evaluated. */
  governance_passed: z.boolean().nullable(),
  governance_warnings: z.array(z.string()),
  cost: costComparisonSchema,
  per_agent: z.array(agentUsageSchema),
});

/** A figure from runs that ended: the median, and where nine in ten lay; null with the reason. */
export const projectionSchema = z.object({
  median: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  /** Completed runs of the same profile that it rests on. */
  runs: z.int(),
  /** Whose runs these are: those of the same project or, when it has none, of all projects that whoever asks may see. */
  from: z.enum(['project', 'granted_projects']),
  reason: z.string().nullable(),
});
export type Projection = z.infer<typeof projectionSchema>;

export const metricsSummarySchema = z.object({
  run_id: z.string(),
  total_duration_seconds: seconds.nullable(),
  total_token_usage: tokenUsageSchema.nullable(),
  total_cost_usd: usd.nullable(),
  phases_metrics: z.array(phaseMetricsSchema),
  governance_score: z.number().min(0).max(1).nullable(),
  hygiene_score: z.number().min(0).max(1).nullable(),
  artifacts_total: z.int(),
  errors_count: z.int(),
  /** What is null above, and why. */
  not_measured: z.record(z.string(), z.string()),
  per_agent: z.array(agentUsageSchema),
  /** Of the calls that were made so far. */
  cost: costComparisonSchema,
  /** Of the phases that are still to come, in US dollars. */
  cost_projection: projectionSchema,
  /** Seconds until the run is completed, when nobody is waited for. */
  time_to_completion: projectionSchema,
});
export type MetricsSummary = z.infer<typeof metricsSummarySchema>;

export const runBulkActionSchema = z.enum(['cancel', 'pause', 'resume', 'retry']);
export type RunBulkAction = z.infer<typeof runBulkActionSchema>;

const { status, profile, project_id, created_after, created_before, q } = listRunsQuerySchema.shape;
const runBulkFilterSchema = z.strictObject({
  status,
  profile,
  project_id,
  created_after,
  created_before,
  q,
  run_id: z.array(z.string().min(1).max(200)).min(1).max(1000).optional(),
});
/** Which runs a bulk operation is for; left out, all that the action is for. */
export type RunBulkFilter = z.infer<typeof runBulkFilterSchema>;

/** `POST /runs/bulk`: first a preview of what a filter finds, then, with the token of the preview, the work. */
export const runBulkRequestSchema = z
  .union([
    z.strictObject({ action: runBulkActionSchema, dry_run: z.literal(true), filter: runBulkFilterSchema }),
    z.strictObject({ token: z.string().max(200), reason: z.string().max(1000).optional() }),
  ])
  .meta({ examples: [{ action: 'cancel', dry_run: true, filter: { profile: 'ml_classification', status: 'paused' } }] });

/** What a bulk operation on runs would do. */
export const runBulkPreviewSchema = z.object({
  action: runBulkActionSchema,
  /** How many runs the filter finds that the action is for. */
  count: z.int(),
  /** All of them, those that were created last first. */
  sample: z.array(runSummarySchema),
  /** Names exactly these runs. */
  token: z.string(),
  expires_at: time,
});
export type RunBulkPreview = z.infer<typeof runBulkPreviewSchema>;

/** What a bulk operation on runs did, run by run. */
export const runBulkResultSchema = z.object({
  action: runBulkActionSchema,
  count: z.int(),
  done: z.int(),
  failed: z.int(),
  results: z.array(
    z.object({
      run_id: z.string(),
      outcome: z.enum(['done', 'failed']),
      error_code: z.string().nullable(),
      message: z.string().nullable(),
    }),
  ),
});
export type RunBulkResult = z.infer<typeof runBulkResultSchema>;
export const runBulkResponseSchema = z.union([runBulkPreviewSchema, runBulkResultSchema]);
