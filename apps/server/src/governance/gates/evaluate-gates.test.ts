import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { GateResult } from '@loopwright/protocol';
import { hygieneOf } from '../../hygiene/measure-hygiene.ts';
import { readEvaluation, readExamples } from '../evidence/evidence.ts';
import { governanceScore } from '../governance-score.ts';
import { mergePolicies } from '../policy/merge-policies.ts';
import type { PolicyDocument } from '../policy/policy-document.ts';
import { surveyHere } from '../survey/survey-fixture.ts';
import type { Survey } from '../survey/survey.ts';
import type { TestRun } from '@loopwright/edge';
import { evaluateGates, gatesOf } from './evaluate-gates.ts';
import type { Measured } from './gate.ts';
import { isAllowedLicence } from './spdx.ts';

const DOCUMENT: PolicyDocument = {
  quality_gates: {
    min_test_coverage: 70,
    require_linting: true,
    max_complexity: 3,
    require_documentation: true,
    security_scan_required: true,
  },
  gates: { default: { on_failure: 'block', when_not_measured: 'warn' } },
};
const EMPTY: Survey = { files: [], links: [], left: null, validations: [], digest: null };

function measured(survey: Survey, policy: PolicyDocument = DOCUMENT, more: Partial<Measured> = {}): Measured {
  return {
    survey,
    tests: null,
    hygiene: hygieneOf(survey),
    evidence: { evaluation: null, examples: null },
    policy: mergePolicies([{ layer: 'universal', projectId: null, source: 'test', document: policy }]),
    phase: 'development',
    ...more,
  };
}

function gate(id: string, of: Measured): GateResult {
  const [result] = evaluateGates(of, [id]).quality_gates;
  assert.ok(result, id);
  return result;
}

/** What a gate says, in short. */
function verdict(id: string, of: Measured): [string, number | null] {
  const { status, actual } = gate(id, of);
  return [status, actual];
}

const run = (passed: number, failed: number, more: Partial<TestRun> = {}): TestRun => ({
  results: [
    ...Array.from({ length: passed }, (_, n) => ({ file: 'a.test.ts', name: `p${n}`, status: 'passed' as const, message: null })),
    ...Array.from({ length: failed }, (_, n) => ({ file: 'a.test.ts', name: `f${n}`, status: 'failed' as const, message: 'no' })),
    { file: 'a.test.ts', name: 'left out', status: 'skipped', message: null },
  ],
  notRun: [],
  files: [],
  ran: new Map(),
  ...more,
});

describe('evaluateGates()', () => {
  it('judges code by what is found in it, naming file and line', async () => {
    const survey = await surveyHere({
      'src/a.ts': `import { gone } from './b.ts';
/** Doc. */
export function tangled(a: number): number {
  if (a === 1) return 1;
  if (a === 2) return 2;
  return a > 3 && a < 9 ? 3 : 4;
}
export const key = 'ghp_${'a1B2'.repeat(9)}';`,
      'src/b.ts': '/** B. */\nexport const gone = 1;',
      'planning/PRD.md': `# Plan\n${'word '.repeat(40)}`,
      'planning/requirements.md': 'short',
    });
    const of = measured(survey);
    assert.deepEqual(gate('complexity', of).findings, [
      { file: 'src/a.ts', line: 3, message: 'the function "tangled" has a complexity of 5' },
    ]);
    assert.match(gate('complexity', of).message, /"tangled" at src\/a\.ts:3 has a complexity of 5/);
    assert.deepEqual(verdict('code_quality', of), ['blocked', 1]);
    assert.deepEqual(gate('code_quality', of).findings, [
      { file: 'src/a.ts', line: 1, message: 'the import "gone" is never used' },
    ]);
    assert.deepEqual(verdict('documentation', of), ['blocked', 2]);
    const secret = gate('security_scan', of);
    assert.deepEqual([secret.status, secret.actual, secret.threshold], ['blocked', 1, 0]);
    assert.deepEqual(secret.findings, [{ file: 'src/a.ts', line: 8, message: 'GitHub token "ghp_…"' }]);
    assert.doesNotMatch(JSON.stringify(evaluateGates(of, ['security_scan', 'code_quality', 'documentation'])), /a1B2/);
    const plan = gate('plan_completeness', of);
    assert.deepEqual([plan.status, plan.actual], ['blocked', 33]);
    assert.deepEqual(
      plan.findings.map(({ file, message }) => `${file}: ${message}`),
      [
        'planning/requirements.md: the requirements: it has 5 characters, fewer than 80',
        'planning/features.json: the list of features is missing',
      ],
    );
    const results = evaluateGates(of, ['complexity', 'security_scan']);
    assert.deepEqual([results.passed, results.failed_rules], [false, ['complexity', 'security_scan']]);
  });

  it('takes its tests from what was run, and its coverage from what that reached', async () => {
    const survey = await surveyHere({ 'a.ts': 'const a = 1;\nconst b = 2;\nconst c = 3;\nconst d = a + b + c;' });
    const half = new Map([[0, new Set([0, 1])]]);
    const most = new Map([[0, new Set([0, 1, 2, 77])]]);
    const withTests = (tests: TestRun | null): Measured => measured(survey, DOCUMENT, { tests });
    assert.deepEqual(verdict('test_pass_rate', withTests(run(3, 1))), ['blocked', 75]);
    assert.deepEqual(verdict('test_pass_rate', withTests(run(4, 0))), ['passed', 100]);
    assert.deepEqual(verdict('test_pass_rate', withTests(run(0, 0))), ['warned', null]);
    assert.deepEqual(verdict('test_pass_rate', withTests(run(2, 0, { notRun: [{ file: 'b.test.ts', reason: 'no' }] }))), [
      'warned',
      null,
    ]);
    assert.deepEqual(verdict('test_pass_rate', withTests(null)), ['warned', null]);
    assert.deepEqual(verdict('test_coverage', withTests(run(1, 0, { ran: half }))), ['blocked', 50]);
    assert.deepEqual(verdict('test_coverage', withTests(run(1, 0, { ran: most }))), ['passed', 75]);
    assert.deepEqual(verdict('test_coverage', withTests(run(0, 0))), ['blocked', 0]);
    const partly = run(1, 0, { ran: half, notRun: [{ file: 'b.test.ts', reason: 'no' }] });
    assert.deepEqual(verdict('test_coverage', withTests(partly)), ['warned', null]);
    assert.deepEqual(verdict('test_coverage', measured(EMPTY, DOCUMENT, { tests: run(1, 0) })), ['warned', null]);
  });

  it('says that nothing was measured instead of passing what it did not see', async () => {
    const blind = { ...EMPTY, left: 'the survey took too long' };
    for (const id of ['security_scan', 'test_pass_rate', 'test_coverage', 'code_quality', 'complexity']) {
      const result = gate(id, measured(blind, DOCUMENT, { tests: run(1, 0) }));
      assert.deepEqual([result.status, result.actual], ['warned', null], id);
      assert.notEqual(result.message, '', id);
    }
    const strict = { ...DOCUMENT, gates: { default: { when_not_measured: 'block' as const } } };
    assert.deepEqual(verdict('security_scan', measured(blind, strict)), ['blocked', null]);
    assert.equal(hygieneOf(blind).score, null);
  });

  it('leaves gates out that the policy does not ask for', () => {
    const all = [
      'code_quality',
      'complexity',
      'documentation',
      'security_scan',
      'licences',
      'no_emojis',
      'forbidden_terms',
      'hygiene',
      'brand_fonts',
    ];
    assert.deepEqual(evaluateGates(measured(EMPTY, {}), all), {
      quality_gates: [],
      compliance_checks: [],
      passed: true,
      failed_rules: [],
    });
  });

  it('knows the licences of dependencies from lock files, and warns of what nothing says', async () => {
    const policy = { quality_gates: { allowed_licences: ['MIT', 'Apache-2.0'] } };
    const lock = {
      packages: { '': {}, 'node_modules/good': { license: '(MIT OR GPL-3.0)' }, 'node_modules/bad': { license: 'GPL-3.0' } },
    };
    const manifest = { dependencies: { good: '1', bad: '1' } };
    const files = { 'package.json': JSON.stringify(manifest), 'package-lock.json': JSON.stringify(lock) };
    const bad = gate('licences', measured(await surveyHere(files), policy));
    assert.deepEqual([bad.status, bad.actual], ['blocked', 1]);
    assert.deepEqual(bad.findings, [{ file: 'package-lock.json', line: null, message: '"bad" is under GPL-3.0' }]);
    const unknown = gate(
      'licences',
      measured(
        await surveyHere({ 'a.ts': "import x from '@scope/lib/part';\nimport fs from 'node:fs';\nimport './b.ts';" }),
        policy,
      ),
    );
    assert.deepEqual([unknown.status, unknown.findings[0]?.message], ['warned', 'the licence of "@scope/lib" is not known']);
    assert.deepEqual(verdict('licences', measured(EMPTY, policy)), ['passed', 0]);
  });

  it('judges data and models by what the execution recorded, with the interval', () => {
    const policy = { quality_gates: { max_duplicate_share: 0.1, max_conflict_share: 0.1, min_model_accuracy: 0.9 } };
    const recorded = (right: number, wrong: number): Measured['evidence']['evaluation'] =>
      readEvaluation({
        examples: right + wrong,
        dataset: 'd',
        accuracy: 1,
        confusion: { a: { a: right - Math.floor(right / 2), b: wrong }, b: { b: Math.floor(right / 2) } },
      }) ?? null;
    const of = (evaluation: Measured['evidence']['evaluation'], document: PolicyDocument = policy): Measured =>
      measured(EMPTY, document, { evidence: { evaluation, examples: null } });
    // 95 of 100 are right, but the interval begins at 0.888: the accuracy that was claimed counts for nothing.
    const close = gate('model_performance', of(recorded(95, 5)));
    assert.equal(close.status, 'blocked');
    assert.ok(close.actual !== null && close.actual > 0.88 && close.actual < 0.9);
    assert.equal(gate('model_performance', of(recorded(990, 10))).status, 'passed');
    assert.equal(gate('model_performance', of(recorded(99, 1), {})).status, 'passed');
    assert.equal(gate('model_performance', of(recorded(60, 40), {})).status, 'blocked');
    assert.deepEqual(verdict('model_performance', of(null)), ['warned', null]);
    assert.equal(readEvaluation({ examples: 3, dataset: 'd', accuracy: 1, confusion: { a: { a: 1 } } }), undefined);
    const examples = (duplicates: number, conflicts: number, classes = 2): Measured =>
      measured(EMPTY, policy, {
        evidence: {
          evaluation: null,
          examples: readExamples({ profile: { count: 100, classes, duplicates, conflicts } }) ?? null,
        },
      });
    assert.deepEqual(verdict('data_quality', examples(10, 2)), ['passed', 0.1]);
    assert.deepEqual(verdict('data_quality', examples(11, 2)), ['blocked', 0.11]);
    assert.deepEqual(verdict('data_quality', examples(0, 0, 1)), ['blocked', 0]);
  });

  it("evaluates gates of one's own: a metric, a tool, a validator", async () => {
    const policy: PolicyDocument = {
      custom_gates: [
        { id: 'small', kind: 'metric', metric: 'bytes', max: 10 },
        { id: 'some', kind: 'metric', metric: 'files', min: 1, max: 2 },
        { id: 'unmeasured', kind: 'metric', metric: 'model_accuracy', min: 0.5, when_not_measured: 'block' },
        { id: 'dead', kind: 'tool', tool: 'dead_code', max_findings: 1, on_failure: 'warn' },
        { id: 'features', kind: 'validator', file: 'f.json', json_schema: { type: 'array' }, phases: ['planning'] },
      ],
    };
    const files = { 'a.js': 'function one() {}\nfunction two() {}', 'f.json': '{}' };
    const validators = [{ id: 'features', file: 'f.json', jsonSchema: { type: 'array' } }];
    const of = measured(await surveyHere(files, { validators }), policy);
    const results = evaluateGates(of, gatesOf(of.policy, 'planning', []));
    assert.deepEqual(
      results.quality_gates.map(({ gate_id, status, actual }) => [gate_id, status, actual]),
      [
        ['small', 'blocked', 37],
        ['some', 'passed', 2],
        ['unmeasured', 'blocked', null],
        ['dead', 'warned', 2],
        ['features', 'blocked', 1],
      ],
    );
    assert.deepEqual(gatesOf(of.policy, 'qa', ['licences']).includes('features'), false);
  });

  it('sees personal data, health data and credentials where the policy asks for it', async () => {
    const policy = { compliance: { gdpr: true, hipaa: true, soc2: true } };
    const survey = await surveyHere({ 'people.csv': 'a\nann@corp.io\n123-45-6789' });
    const { compliance_checks: checks, failed_rules } = evaluateGates(measured(survey, policy), []);
    assert.deepEqual(
      checks.map(({ compliance_type, passed, violations }) => [compliance_type, passed, violations.length]),
      [
        ['gdpr', false, 1],
        ['hipaa', false, 2],
        ['soc2', true, 0],
      ],
    );
    assert.deepEqual(failed_rules, ['gdpr', 'hipaa']);
    assert.deepEqual(
      evaluateGates(measured({ ...EMPTY, left: 'x' }, policy), []).compliance_checks.map(({ passed }) => passed),
      [null, null, null],
    );
  });

  it('keeps fifty findings and says how many there are', async () => {
    const survey = await surveyHere({ 'a.js': 'debugger;\n'.repeat(70) });
    const result = gate('code_quality', measured(survey));
    assert.deepEqual([result.findings.length, result.findings_total, result.actual], [50, 70, 70]);
  });
});

describe('governanceScore()', () => {
  it('is the share of passed gates, a warned one counted half, and null without any', async () => {
    const of = measured(await surveyHere({ 'a.js': 'debugger;' }), {
      ...DOCUMENT,
      gates: { complexity: { when_not_measured: 'warn' } },
    });
    const results = evaluateGates(of, ['code_quality', 'security_scan', 'complexity']);
    assert.equal(governanceScore([results]), 0.5);
    assert.equal(governanceScore([null, evaluateGates(of, ['security_scan'])]), 1);
    assert.equal(governanceScore([]), null);
    assert.equal(governanceScore([null]), null);
  });
});

describe('isAllowedLicence()', () => {
  it('reads SPDX expressions', () => {
    const allowed = ['MIT', 'Apache-2.0', 'Apache-2.0 WITH LLVM-exception'];
    const cases: [string, boolean][] = [
      ['MIT', true],
      ['mit', true],
      ['GPL-3.0', false],
      ['MIT OR GPL-3.0', true],
      ['MIT AND GPL-3.0', false],
      ['GPL-2.0 OR (MIT AND Apache-2.0)', true],
      ['(GPL-2.0 OR MIT) AND GPL-3.0', false],
      ['Apache-2.0 WITH LLVM-exception', true],
      ['Apache-2.0 WITH other', false],
      ['SEE LICENSE IN LICENSE', false],
      ['MIT)', false],
      ['(MIT', false],
      ['', false],
      [`${'('.repeat(5000)}MIT`, false],
    ];
    for (const [expression, expected] of cases)
      assert.equal(isAllowedLicence(expression, allowed), expected, expression.slice(0, 50));
  });
});
