import { z } from 'zod';

const share = z.number().min(0).max(1);
const percent = z.number().min(0).max(100);
const term = z.string().trim().min(1).max(200);
const gateId = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, 'an id is small letters, digits and "_", at most 63');
/** A path below the artifacts of a workspace. */
const artifactPath = z
  .string()
  .min(1)
  .max(500)
  .refine((path) => !path.startsWith('/') && !path.split('/').includes('..'), 'a path is below the artifacts of the workspace');

/** What happens when a gate fails, when it could not be measured, and how often it is measured anew before that. */
const gateRulesSchema = z.strictObject({
  on_failure: z.enum(['warn', 'block']).optional(),
  when_not_measured: z.enum(['warn', 'block']).optional(),
  retry: z.int().min(0).max(3).optional(),
});
export type GateRules = z.infer<typeof gateRulesSchema>;

const custom = {
  id: gateId,
  description: z.string().max(500).optional(),
  phases: z.array(z.string().max(100)).max(50).optional(),
};

/** What is measured of a workspace, by the name that a custom gate uses. */
const METRICS = [
  'test_pass_rate',
  'test_coverage',
  'lint_problems',
  'max_complexity',
  'undocumented_exports',
  'secrets',
  'unknown_licences',
  'model_accuracy',
  'hygiene_score',
  'files',
  'bytes',
] as const;
export type Metric = (typeof METRICS)[number];

/** What looks for findings, by the name that a custom gate uses. */
const TOOLS = ['lint', 'secrets', 'licences', 'documentation', 'dead_code', 'orphans', 'personal_data'] as const;
export type Tool = (typeof TOOLS)[number];

/** A gate of the operator's own: a bound on a metric, a number of findings of a tool, or a document that must fit a schema. */
const customGateSchema = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('metric'),
      ...custom,
      metric: z.enum(METRICS),
      min: z.number().optional(),
      max: z.number().optional(),
      ...gateRulesSchema.shape,
    })
    .refine(({ min, max }) => min !== undefined || max !== undefined, 'a metric needs "min" or "max"'),
  z.strictObject({
    kind: z.literal('tool'),
    ...custom,
    tool: z.enum(TOOLS),
    max_findings: z.int().min(0).max(1_000_000).default(0),
    ...gateRulesSchema.shape,
  }),
  z.strictObject({
    kind: z.literal('validator'),
    ...custom,
    /** The file that must be there. */
    file: artifactPath,
    /** JSON Schema (2020-12 or draft 7) that the file, read as JSON, must fit. */
    json_schema: z.record(z.string(), z.json()).optional(),
    ...gateRulesSchema.shape,
  }),
]);
export type CustomGate = z.infer<typeof customGateSchema>;

/**
 * One layer of a policy, as it stands in a file. Everything is optional: what a layer leaves out, the ones above it say.
 * `overridable` lists JSON pointers of values that lower layers may make looser.
 */
export const policyDocumentSchema = z.strictObject({
  name: z.string().max(200).optional(),
  description: z.string().max(2000).optional(),
  quality_gates: z
    .strictObject({
      /** Per cent of the statements that the tests run. */
      min_test_coverage: percent.optional(),
      /** Per cent of the tests that pass. */
      min_test_pass_rate: percent.optional(),
      require_linting: z.boolean().optional(),
      /** Cyclomatic complexity of a function. */
      max_complexity: z.int().min(1).max(10_000).optional(),
      require_documentation: z.boolean().optional(),
      security_scan_required: z.boolean().optional(),
      /** Lower bound of the 95 % interval of the accuracy on examples that the generator never saw. */
      min_model_accuracy: share.optional(),
      /** Share of the examples that repeat another one. */
      max_duplicate_share: share.optional(),
      /** Share of the examples whose input stands with several outputs. */
      max_conflict_share: share.optional(),
      min_hygiene_score: percent.optional(),
      /** SPDX identifiers. */
      allowed_licences: z.array(term).max(500).optional(),
    })
    .optional(),
  brand_constraints: z
    .strictObject({
      forbidden_terms: z.array(term).max(500).optional(),
      no_emojis: z.boolean().optional(),
      /** The only colours of style sheets and pages, as `#rrggbb`. */
      colors: z
        .array(z.string().regex(/^#[0-9a-fA-F]{6}$/))
        .max(200)
        .optional(),
      /** The only font families, besides the generic ones of CSS. */
      fonts: z.array(term).max(100).optional(),
    })
    .optional(),
  compliance: z
    .strictObject({ gdpr: z.boolean().optional(), hipaa: z.boolean().optional(), soc2: z.boolean().optional() })
    .optional(),
  /** Rules of single gates, by id; `default` is for the others. */
  gates: z.record(gateId, gateRulesSchema).optional(),
  /** The gates of each phase; a phase that is not named has those of `default`. */
  phases: z.record(z.string().min(1).max(100), z.array(gateId).max(100)).optional(),
  custom_gates: z.array(customGateSchema).max(100).optional(),
  overridable: z.array(z.string().startsWith('/').max(200)).max(200).optional(),
});
export type PolicyDocument = z.infer<typeof policyDocumentSchema>;

/** The largest policy document, in bytes. */
export const POLICY_LIMIT_BYTES = 64 * 1024;
