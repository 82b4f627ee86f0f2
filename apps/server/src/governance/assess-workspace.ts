import { setImmediate } from 'node:timers/promises';
import type { GateResult, GovernanceResults, Hygiene } from '@loopwright/protocol';
import { hygieneOf } from '../hygiene/measure-hygiene.ts';
import type { Evidence } from './evidence/evidence.ts';
import { complianceOf, evaluateGate, governanceResults, needsTests } from './gates/evaluate-gates.ts';
import type { EffectivePolicy } from './policy/merge-policies.ts';
import { type SurveyParts, surveyWorkspace } from './survey/survey-workspace.ts';
import type { TestParts } from '@loopwright/edge';
import { runTests } from './tests/run-tests.ts';

/** What is assessed, by which rules. */
export interface Assessment {
  /** The folder of the artifacts. */
  readonly root: string;
  readonly phase: string;
  readonly policy: EffectivePolicy;
  readonly gates: readonly string[];
  readonly evidence: Evidence;
}

/** What an assessment gives. */
export interface Assessed {
  readonly results: GovernanceResults;
  readonly hygiene: Hygiene;
  /** Digest of paths and contents of what was measured; `null` when not everything could be read. */
  readonly workspaceDigest: string | null;
}

/**
 * Looks at a workspace, runs its tests where a gate needs them, and evaluates the gates. A gate that blocks and has retries is measured anew, all
 * from the beginning; what it says at last counts, with the number of attempts.
 *
 * @throws what {@link surveyWorkspace} and {@link runTests} throw
 */
export async function assessWorkspace(assessment: Assessment, parts: SurveyParts & TestParts): Promise<Assessed> {
  const { policy, gates } = assessment;
  let assessed: Assessed = await assessOnce(assessment, parts);
  const isRetried = (id: string, attempt: number): boolean => attempt <= policy.rulesOf(id).retry;
  for (let attempt = 1; ; attempt += 1) {
    const again = assessed.results.failed_rules.filter((id) => gates.includes(id) && isRetried(id, attempt));
    if (again.length === 0) return assessed;
    const next = await assessOnce(assessment, parts);
    const gatesNow = next.results.quality_gates.map((gate) => {
      const before = assessed.results.quality_gates.find(({ gate_id }) => gate_id === gate.gate_id);
      const attempts = again.includes(gate.gate_id) ? attempt + 1 : (before?.attempts ?? 1);
      return Object.assign({}, again.includes(gate.gate_id) ? gate : (before ?? gate), { attempts });
    });
    const blocked = gatesNow.filter(({ status }) => status === 'blocked').map(({ gate_id }) => gate_id);
    const failed = [...blocked, ...next.results.failed_rules.filter((id) => !gates.includes(id))];
    assessed = {
      ...next,
      results: { ...next.results, quality_gates: gatesNow, passed: failed.length === 0, failed_rules: failed },
    };
  }
}

async function assessOnce(
  { root, phase, policy, gates, evidence }: Assessment,
  parts: SurveyParts & TestParts,
): Promise<Assessed> {
  const { brand_constraints: brand = {} } = policy.document;
  const withTests = needsTests(policy, gates);
  const survey = await surveyWorkspace(
    {
      root,
      forbiddenTerms: brand.forbidden_terms ?? [],
      colors: brand.colors ?? null,
      fonts: brand.fonts ?? null,
      validators: policy.customGates.flatMap((gate) =>
        gate.kind === 'validator' ? [{ id: gate.id, file: gate.file, jsonSchema: gate.json_schema }] : [],
      ),
      runnable: withTests,
    },
    parts,
  );
  const tests = withTests ? await runTests(survey.files, parts) : null;
  await setImmediate();
  const hygiene = hygieneOf(survey);
  const measured = { survey, tests, hygiene, evidence, policy, phase };
  const quality: GateResult[] = [];
  for (const gate of gates) {
    // Ten thousand files take some milliseconds a gate: others are served in between.
    await setImmediate();
    const result = evaluateGate(measured, gate);
    if (result !== undefined) quality.push(result);
  }
  await setImmediate();
  const results = governanceResults(quality, complianceOf(measured));
  return { results, hygiene, workspaceDigest: survey.digest };
}
