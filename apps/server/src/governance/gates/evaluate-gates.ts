import type { ComplianceResult, GateResult, GovernanceResults } from '@loopwright/protocol';
import type { EffectivePolicy } from '../policy/merge-policies.ts';
import { codeQuality, complexity } from './code-gates.ts';
import { brandColors, brandFonts, forbiddenTerms, foundIn, noEmojis, securityScan } from './content-gates.ts';
import { customGate } from './custom-gates.ts';
import { architectureReview, docCompleteness, documentation, planCompleteness } from './document-gates.ts';
import { dataQuality, modelPerformance } from './evidence-gates.ts';
import { type Gate, type Measured, type Measurement, notMeasured } from './gate.ts';
import { licences } from './licence-gate.ts';
import { testCoverage, testPassRate } from './test-gates.ts';

/** The findings of a gate that are kept. */
const FINDINGS_SHOWN = 50;
/** The characters of a path that are kept: a workspace may nest as deep as it likes, and the journal may not. */
const PATH_SHOWN = 500;

const GATES: Readonly<Record<string, Gate>> = {
  plan_completeness: planCompleteness,
  architecture_review: architectureReview,
  data_quality: dataQuality,
  model_performance: modelPerformance,
  test_pass_rate: testPassRate,
  test_coverage: testCoverage,
  code_quality: codeQuality,
  complexity,
  documentation,
  doc_completeness: docCompleteness,
  licences,
  security_scan: securityScan,
  forbidden_terms: forbiddenTerms,
  no_emojis: noEmojis,
  brand_colors: brandColors,
  brand_fonts: brandFonts,
  hygiene: ({ hygiene, policy }) => {
    const threshold = policy.document.quality_gates?.min_hygiene_score;
    const pointer = '/quality_gates/min_hygiene_score';
    if (threshold === undefined) return undefined;
    if (hygiene.score === null) return notMeasured(hygiene.reason ?? 'Nothing was measured', threshold, { pointer });
    const verdict = hygiene.score >= threshold ? 'passed' : 'failed';
    const message = `The hygiene is ${hygiene.score} of 100 (${hygiene.grade ?? ''})`;
    return {
      actual: hygiene.score,
      threshold,
      verdict,
      message,
      findings: hygiene.findings,
      remediation: 'Tidy what the findings name',
      pointer,
    };
  },
};

/** The gates of a phase: those that the policy names for it, the operator's own, and those that are asked for besides. */
export function gatesOf({ document, customGates }: EffectivePolicy, phase: string, asked: readonly string[]): string[] {
  const named = document.phases?.[phase] ?? document.phases?.['default'] ?? [];
  const own = customGates.filter(({ phases }) => phases === undefined || phases.includes(phase)).map(({ id }) => id);
  return [...new Set([...named, ...own, ...asked])];
}

/** Whether one of the gates needs the tests to be run. */
export function needsTests({ customGates }: EffectivePolicy, gates: readonly string[]): boolean {
  return gates.some((id) => {
    const custom = customGates.find((gate) => gate.id === id);
    return (custom?.kind === 'metric' ? custom.metric : id).startsWith('test_');
  });
}

/** Evaluates gates on what was measured: no gate looks at anything else. */
export function evaluateGates(measured: Measured, gates: readonly string[]): GovernanceResults {
  return governanceResults(
    gates.flatMap((id) => evaluateGate(measured, id) ?? []),
    complianceOf(measured),
  );
}

/** Evaluates one gate; nothing when the policy does not ask for it. */
export function evaluateGate(measured: Measured, id: string): GateResult | undefined {
  const custom = measured.policy.customGates.find((gate) => gate.id === id);
  const measurement = custom === undefined ? GATES[id]?.(measured) : customGate(custom, measured);
  return measurement === undefined ? undefined : resultOf(id, measurement, measured.policy);
}

/** What gates and compliance checks say together. */
export function governanceResults(quality: GateResult[], compliance: ComplianceResult[]): GovernanceResults {
  const failed = [
    ...quality.filter(({ status }) => status === 'blocked').map(({ gate_id }) => gate_id),
    ...compliance.filter(({ passed }) => passed === false).map(({ compliance_type }) => compliance_type),
  ];
  return { quality_gates: quality, compliance_checks: compliance, passed: failed.length === 0, failed_rules: failed };
}

function resultOf(id: string, measurement: Measurement, policy: EffectivePolicy): GateResult {
  const rules = policy.rulesOf(id);
  const { verdict, message, threshold, actual, findings = [], total = findings.length, remediation, pointer } = measurement;
  const consequence = { passed: 'passed', warned: 'warn', failed: rules.on_failure, 'not measured': rules.when_not_measured }[
    verdict
  ];
  return {
    gate_id: id,
    status: consequence === 'passed' ? 'passed' : consequence === 'block' ? 'blocked' : 'warned',
    message,
    threshold,
    actual,
    remediation: verdict === 'passed' ? null : (remediation ?? null),
    layer: pointer === undefined ? rules.layer : policy.layerOf(pointer),
    findings: findings
      .slice(0, FINDINGS_SHOWN)
      .map(({ file, line, message: text }) => ({ file: file.slice(0, PATH_SHOWN), line, message: text })),
    findings_total: total,
    attempts: 1,
  };
}

/**
 * What a machine can see of the regulations that the policy names: personal data in files of data (GDPR), personal and health data there (HIPAA),
 * credentials anywhere (SOC 2).
 */
export function complianceOf({ survey, policy }: Measured): ComplianceResult[] {
  const { gdpr, hipaa, soc2 } = policy.document.compliance ?? {};
  const isWhole = survey.left === null && survey.files.every(({ unread }) => unread === null);
  const check = (
    type: ComplianceResult['compliance_type'],
    members: readonly Parameters<typeof foundIn>[1][],
  ): ComplianceResult => {
    const violations = members.flatMap((member) => foundIn(survey.files, member).findings);
    const passed = violations.length > 0 ? false : isWhole ? true : null;
    return { compliance_type: type, passed, violations: violations.slice(0, FINDINGS_SHOWN) };
  };
  return [
    ...(gdpr === true ? [check('gdpr', ['personal'])] : []),
    ...(hipaa === true ? [check('hipaa', ['personal', 'health'])] : []),
    ...(soc2 === true ? [check('soc2', ['secrets'])] : []),
  ];
}
