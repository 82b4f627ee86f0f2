import { z } from 'zod';
import { jsonObjectSchema } from '../json/json.ts';

/** The name of a program (the sources' `task_id`): a safe folder name, a safe URL segment. */
export const programNameSchema = z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/);

/** States of a version (`reference/domain.md` §3.2). */
export const programStatusSchema = z.enum(['draft', 'validated', 'active', 'deprecated', 'failed']);

/** What programs are written in. */
export const programLanguageSchema = z.enum(['typescript', 'python']);
export type ProgramLanguage = z.infer<typeof programLanguageSchema>;

/** The state of a version when it was stored, and what is known about it: `metadata.json` beside `program.ts` or `program.py`. */
export const programMetadataSchema = z.object({
  id: z.string(),
  task_id: programNameSchema,
  version: z.int().min(1),
  language: programLanguageSchema.default('typescript'),
  /** SHA-256 of the source, hexadecimal: the identity of the version. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  /** JSON Schema of what `run` takes. */
  input_schema: jsonObjectSchema.default({}),
  /** JSON Schema of what `run` gives. */
  output_schema: jsonObjectSchema.default({}),
  synthesis_strategy: z.enum(['rule', 'ml', 'hybrid', 'dsl', 'auto']).default('auto'),
  confidence_score: z.number().min(0).max(1).default(0.5),
  complexity_metrics: z
    .object({
      cyclomatic_complexity: z.number().nullable().default(null),
      lines_of_code: z.number().nullable().default(null),
      estimated_latency_ms: z.number().nullable().default(null),
    })
    .prefault({}),
  llm_provider: z.string().nullable().default(null),
  llm_model: z.string().nullable().default(null),
  generation_cost: z.number().nonnegative().default(0),
  generation_time_sec: z.number().nonnegative().default(0),
  status: programStatusSchema.default('draft'),
  deployment_percentage: z.number().min(0).max(100).default(0),
  created_at: z.iso.datetime({ offset: true }),
  deployed_at: z.iso.datetime({ offset: true }).nullable().default(null),
  /** Evidence and provenance: scores, execution, examples digest. */
  metadata: jsonObjectSchema.default({}),
});
export type ProgramMetadata = z.infer<typeof programMetadataSchema>;
