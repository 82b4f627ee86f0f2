import { z } from 'zod';
import { jsonObjectSchema } from '../json/json.ts';

/** One generated file. A leading "/" of its path is dropped, as in the source. */
export const codeArtifactSchema = z.object({
  file_path: z
    .string()
    .transform((path) => path.replace(/^\/+/, ''))
    .pipe(z.string().min(1)),
  content: z.string(),
  artifact_type: z.enum(['source_code', 'config', 'documentation', 'test', 'data']).default('source_code'),
  language: z.string().nullable().default(null),
  description: z.string().nullable().default(null),
});
export type CodeArtifact = z.infer<typeof codeArtifactSchema>;

/** What the tests of the generated files said. */
export const testResultSchema = z.object({
  test_command: z.string(),
  exit_code: z.int(),
  stdout: z.string().default(''),
  stderr: z.string().default(''),
  tests_passed: z.int().nonnegative(),
  tests_failed: z.int().nonnegative(),
  duration_seconds: z.number().nonnegative(),
});
export type TestResult = z.infer<typeof testResultSchema>;

/** What one model was asked and what it cost. */
export const llmUsageSchema = z.object({
  provider: z.string(),
  model: z.string(),
  prompt_tokens: z.int().nonnegative(),
  completion_tokens: z.int().nonnegative(),
  total_tokens: z.int().nonnegative(),
  api_calls: z.int().nonnegative().default(1),
  cost_usd: z.number().nonnegative().nullable().default(null),
});

/** The statuses of a generation. */
export const generationStatusSchema = z.enum(['SUCCESS', 'PARTIAL_SUCCESS', 'FAILURE', 'TIMEOUT', 'CACHE_HIT']);
export type GenerationStatus = z.infer<typeof generationStatusSchema>;

/** The answer of the generation service: `PTCArtifactResult` of the source. */
export const artifactResultSchema = z.object({
  execution_id: z.string(),
  status: generationStatusSchema,
  artifacts: z.array(codeArtifactSchema).default([]),
  test_results: testResultSchema.nullable().default(null),
  iterations_used: z.int().nonnegative().default(1),
  error_message: z.string().nullable().default(null),
  warnings: z.array(z.string()).default([]),
  llm_usage: z.array(llmUsageSchema).default([]),
  started_at: z.iso.datetime({ offset: true }),
  completed_at: z.iso.datetime({ offset: true }),
  duration_seconds: z.number().nonnegative(),
  from_cache: z.boolean().default(false),
  cache_key: z.string().nullable().default(null),
  metadata: jsonObjectSchema.default({}),
});
export type ArtifactResult = z.infer<typeof artifactResultSchema>;

/** Whether the generation gave what was asked for. */
export function isSuccess(result: Pick<ArtifactResult, 'status'>): boolean {
  return result.status === 'SUCCESS' || result.status === 'CACHE_HIT';
}
