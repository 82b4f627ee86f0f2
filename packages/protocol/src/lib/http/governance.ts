import { z } from 'zod';
import { jsonObjectSchema, jsonSchema } from '../json/json.ts';
import { hygieneSchema } from './hygiene.ts';
import { nextCursorSchema } from './pages.ts';

/** Where a value of a policy comes from; each layer may make the ones before it stricter. */
export const policyLayerSchema = z.enum(['universal', 'project', 'run']);
export type PolicyLayer = z.infer<typeof policyLayerSchema>;

/** One thing that a gate found, at a place in the workspace. */
export const findingSchema = z.object({
  /** Path in the artifacts of the workspace. */
  file: z.string(),
  /** From 1; `null` when it is about the whole file. */
  line: z.int().nullable(),
  message: z.string(),
});
export type Finding = z.infer<typeof findingSchema>;

/** What one gate says. */
export const gateResultSchema = z.object({
  gate_id: z.string(),
  status: z.enum(['passed', 'warned', 'blocked']),
  message: z.string(),
  /** What the policy asks for; `null` for a gate without a bound. */
  threshold: z.union([z.number(), z.string(), z.boolean()]).nullable(),
  /** What was measured; `null`: it was not, and the message says why. */
  actual: z.number().nullable(),
  remediation: z.string().nullable(),
  /** The layer that the bound, or what follows from it, comes from. */
  layer: policyLayerSchema,
  /** At most 50. */
  findings: z.array(findingSchema),
  /** How many there are, shown or not. */
  findings_total: z.int(),
  /** How often it was measured until it passed or its retries were used up. */
  attempts: z.int(),
});
export type GateResult = z.infer<typeof gateResultSchema>;

/** What is found of a regulation; it says what a machine can see, and no more. */
export const complianceResultSchema = z.object({
  compliance_type: z.enum(['gdpr', 'hipaa', 'soc2']),
  /** `null`: not every file could be read. */
  passed: z.boolean().nullable(),
  violations: z.array(findingSchema),
});
export type ComplianceResult = z.infer<typeof complianceResultSchema>;

/** What the gates of one phase say together. */
export const governanceResultsSchema = z.object({
  quality_gates: z.array(gateResultSchema),
  compliance_checks: z.array(complianceResultSchema),
  /** No gate is blocked and no compliance check is violated. */
  passed: z.boolean(),
  /** Ids of what is blocked or violated. */
  failed_rules: z.array(z.string()),
});
export type GovernanceResults = z.infer<typeof governanceResultsSchema>;

/** A person's decision on a check that blocked. */
const overrideSchema = z.object({ accepted: z.boolean(), by: z.string(), comment: z.string(), at: z.string() });

/** One check of a phase, as it was recorded. */
export const governanceCheckSchema = z.object({
  phase: z.string(),
  checked_at: z.string(),
  /** Skipped: nothing was measured, and this is who wanted it so. */
  skipped_by: z.string().nullable(),
  results: governanceResultsSchema.nullable(),
  hygiene: hygieneSchema.nullable(),
  /** Digest of the paths and contents that were measured. */
  workspace_digest: z.string().nullable(),
  /** Digest of the policy in effect that was applied. */
  policy_digest: z.string(),
  /** `null`: nobody had to decide, or nobody has yet. */
  override: overrideSchema.nullable(),
});
export type GovernanceCheck = z.infer<typeof governanceCheckSchema>;

/** One value of a policy in effect, by its JSON pointer. */
const policyValueSchema = z.object({ pointer: z.string(), value: jsonSchema, layer: policyLayerSchema });

/** A value of a lower layer that would have been looser than what holds. */
const refusedValueSchema = z.object({
  pointer: z.string(),
  layer: policyLayerSchema,
  value: jsonSchema,
  kept: jsonSchema,
  kept_layer: policyLayerSchema,
});

/** A policy in effect. */
export const effectivePolicySchema = z.object({
  policy: jsonObjectSchema,
  values: z.array(policyValueSchema),
  refused: z.array(refusedValueSchema),
});
export type EffectivePolicyView = z.infer<typeof effectivePolicySchema>;

/** `GET /runs/{run_id}/governance` */
export const runGovernanceSchema = z.object({
  run_id: z.string(),
  /** Passed gates over evaluated ones of the last check of each phase, a warned one counted half; `null` when none was evaluated. */
  governance_score: z.number().nullable(),
  governance_score_reason: z.string().nullable(),
  /** The last check of each phase, in the order of the checks. */
  checks: z.array(governanceCheckSchema),
  policy: effectivePolicySchema,
});
export type RunGovernance = z.infer<typeof runGovernanceSchema>;

/** `GET /policies` */
export const policyListSchema = z.object({
  policies: z.array(
    z.object({
      layer: policyLayerSchema,
      /** The project whose layer it is; `null` for the universal one. */
      project_id: z.string().nullable(),
      source: z.string(),
      digest: z.string(),
      document: jsonObjectSchema,
    }),
  ),
  total: z.int(),
  next_cursor: nextCursorSchema,
});

/** `POST /policies/evaluate`: merges layers, and with a run and a phase evaluates the gates without recording anything. */
export const evaluatePolicySchema = z.strictObject({
  project_id: z.string().min(1).max(200).default('default'),
  /** A layer to try in place of the run's; the text of a document, YAML or JSON. */
  run_policy: z.string().max(65_536).optional(),
  run_id: z.string().min(1).max(200).optional(),
  phase: z.string().min(1).max(100).optional(),
});

/** The answer: the policy in effect, and what the gates would say. */
export const evaluatedPolicySchema = z.object({
  policy: effectivePolicySchema,
  results: governanceResultsSchema.nullable(),
  hygiene: hygieneSchema.nullable(),
});
