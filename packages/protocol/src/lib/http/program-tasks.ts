import { z } from 'zod';
import { programNameSchema } from '../edge/program-artifact.ts';
import { labelledExampleSchema } from '../generation/plan.ts';
import { jsonObjectSchema } from '../json/json.ts';
import { projectIdSchema } from './authorization.ts';

const instant = z.iso.datetime({ offset: true });

const taskFields = {
  /** The name of the program, too. */
  name: programNameSchema,
  description: z.string().trim().min(1).max(5000),
  input_schema: jsonObjectSchema.default({}),
  output_schema: jsonObjectSchema.default({}),
  /** More of them are uploaded with `POST /api/v1/examples`. */
  examples: z.array(labelledExampleSchema.strict()).max(1000).default([]),
  accuracy_target: z.number().min(0).max(1).default(0.9),
  latency_target_ms: z.number().positive().max(3_600_000).default(10),
  sampling_rate: z.number().min(0).max(1).default(0.1),
};

/** `POST /api/v1/tasks`: the source's `TaskSpecification` (`reference/domain.md` §3.2), of which a program is made. */
export const createTaskRequestSchema = z.strictObject({ ...taskFields, project_id: projectIdSchema.default('default') }).meta({
  examples: [{ name: 'mail', description: 'Tell spam from ham', examples: [{ input: 'Win a free phone now', output: 'spam' }] }],
});
export type CreateTaskRequest = z.output<typeof createTaskRequestSchema>;

/** `GET /api/v1/programs/{name}/task`, with what has become of it. */
export const taskResponseSchema = z.object({
  /** The name once more: a task has no other. */
  id: programNameSchema,
  ...taskFields,
  project_id: z.string(),
  /** Digest of the examples as a set, to start `program-from-examples` with; `null` without any. */
  examples_digest: z.string().nullable(),
  active_version: z.int().nullable(),
  total_versions: z.int().nonnegative(),
  created_by: z.string(),
  created_at: instant,
  updated_at: instant,
});
export type TaskResponse = z.infer<typeof taskResponseSchema>;
