import { findOrphans } from '../../hygiene/find-orphans.ts';
import type { CustomGate, Metric, Tool } from '../policy/policy-document.ts';
import { lintFindings, modulesOf } from './code-gates.ts';
import { foundIn } from './content-gates.ts';
import { documentationFindings } from './document-gates.ts';
import { type Measured, type Measurement, noneFound, notMeasured } from './gate.ts';
import { licenceFindings } from './licence-gate.ts';
import { coverageOf, testPassRate } from './test-gates.ts';

/** Evaluates a gate of the operator's own. */
export function customGate(gate: CustomGate, measured: Measured): Measurement {
  const pointer = `/custom_gates/${gate.id}`;
  switch (gate.kind) {
    case 'metric':
      return metricGate(gate, measured);
    case 'tool': {
      const remediation = gate.description ?? 'Correct what the findings name';
      const { max_findings: limit, tool } = gate;
      return noneFound(measured, {
        ...TOOL_FINDINGS[tool](measured),
        what: `findings of "${tool}"`,
        remediation,
        pointer,
        limit,
      });
    }
    case 'validator': {
      const validation = measured.survey.validations.find(({ id }) => id === gate.id);
      const more = { pointer, remediation: gate.description ?? `Correct "${gate.file}"` };
      if (validation === undefined) return notMeasured('The document was not checked', gate.file, more);
      const findings = validation.errors.map((message) => ({ file: gate.file, line: null, message }));
      const verdict = findings.length === 0 ? 'passed' : 'failed';
      const message = findings.length === 0 ? `"${gate.file}" fits` : `"${gate.file}": ${findings[0]?.message ?? ''}`;
      return { actual: findings.length, threshold: 0, verdict, message, findings, ...more };
    }
  }
}

function metricGate(gate: CustomGate & { kind: 'metric' }, measured: Measured): Measurement {
  const { metric, min, max, id } = gate;
  const bounds = [...(min === undefined ? [] : [`≥ ${min}`]), ...(max === undefined ? [] : [`≤ ${max}`])].join(' and ');
  const threshold = min !== undefined && max !== undefined ? bounds : (min ?? max ?? null);
  const more = { pointer: `/custom_gates/${id}`, ...(gate.description === undefined ? {} : { remediation: gate.description }) };
  const actual = METRIC_VALUES[metric](measured);
  if (actual === null) return notMeasured(`"${metric}" could not be measured`, threshold, more);
  const isWithin = (min === undefined || actual >= min) && (max === undefined || actual <= max);
  return {
    actual,
    threshold,
    verdict: isWithin ? 'passed' : 'failed',
    message: `"${metric}" is ${actual}, ${bounds} is asked for`,
    ...more,
  };
}

const whole = (measured: Measured, value: () => number): number | null => (measured.survey.left === null ? value() : null);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const METRIC_VALUES: Readonly<Record<Metric, (measured: Measured) => number | null>> = {
  test_pass_rate: (measured) => testPassRate(measured)?.actual ?? null,
  test_coverage: (measured) => coverageOf(measured).percent,
  lint_problems: (measured) => whole(measured, () => lintFindings(measured.survey.files).total),
  max_complexity: (measured) => {
    const values = modulesOf(measured).flatMap(({ code }) => code.complex.map(({ complexity }) => complexity));
    return values.length === 0 ? null : Math.max(...values);
  },
  undocumented_exports: (measured) => whole(measured, () => sum(modulesOf(measured).map(({ code }) => code.undocumented.total))),
  secrets: (measured) => whole(measured, () => foundIn(measured.survey.files, 'secrets').total),
  unknown_licences: (measured) => whole(measured, () => licenceFindings(measured.survey.files, []).unknown.length),
  model_accuracy: ({ evidence }) => evidence.evaluation?.low ?? null,
  hygiene_score: ({ hygiene }) => hygiene.score,
  files: (measured) => whole(measured, () => measured.survey.files.length),
  bytes: (measured) => whole(measured, () => sum(measured.survey.files.map(({ bytes }) => bytes))),
};

type Findings = ReturnType<typeof lintFindings>;
const TOOL_FINDINGS: Readonly<Record<Tool, (measured: Measured) => Findings>> = {
  lint: ({ survey }) => lintFindings(survey.files),
  secrets: ({ survey }) => foundIn(survey.files, 'secrets'),
  licences: ({ survey, policy }) => {
    const { refused, unknown } = licenceFindings(survey.files, policy.document.quality_gates?.allowed_licences ?? []);
    return { findings: [...refused, ...unknown], total: refused.length + unknown.length };
  },
  documentation: documentationFindings,
  dead_code: ({ survey }) => {
    const findings = survey.files.flatMap(({ path, code }) =>
      (code === null ? [] : [code.unusedFunctions, code.unusedClasses, code.unusedImports]).flatMap(({ places }) =>
        places.map(({ line, message }) => ({ file: path, line, message })),
      ),
    );
    return { findings, total: findings.length };
  },
  orphans: ({ survey }) => {
    const findings = findOrphans(survey.files).map(({ path }) => ({ file: path, line: null, message: 'nothing refers to it' }));
    return { findings, total: findings.length };
  },
  personal_data: ({ survey }) => foundIn(survey.files, 'personal'),
};
