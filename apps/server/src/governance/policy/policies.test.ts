import assert from 'node:assert/strict';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { PlatformError, systemClock } from '@loopwright/protocol';
import fc from 'fast-check';
import { mergePolicies } from './merge-policies.ts';
import { type PolicyDocument, POLICY_LIMIT_BYTES } from './policy-document.ts';
import { PolicyFolder } from './policy-folder.ts';
import { type PolicySource, readPolicy } from './read-policy.ts';

function checkRefused(run: () => unknown, message: RegExp): PlatformError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof PlatformError, String(error));
    assert.equal(error.code, 'INVALID_POLICY');
    assert.match(error.message, message);
    return error;
  }
  return assert.fail('it was taken');
}

const layer = (name: PolicySource['layer'], document: PolicyDocument): PolicySource => ({
  layer: name,
  projectId: null,
  source: name,
  document,
});

describe('readPolicy()', () => {
  it('refuses unknown fields with pointer and line, in YAML and in JSON', () => {
    const yaml = 'quality_gates:\n  min_test_coverage: 80\n  min_tests_coverage: 80\ncompliance: { gdpr: maybe }\n';
    const error = checkRefused(() => readPolicy(yaml, 'p.yaml'), /"p\.yaml" at line 3: \/quality_gates\/min_tests_coverage/);
    assert.deepEqual(error.details?.['issues'], [
      { pointer: '/quality_gates/min_tests_coverage', line: 3, column: 3, message: 'there is no field "min_tests_coverage"' },
      { pointer: '/compliance/gdpr', line: 4, column: 15, message: 'Invalid input: expected boolean, received string' },
    ]);
    checkRefused(
      () => readPolicy('{"quality_gates":\n {"max_complexity": 0}}', 'p.json'),
      /line 2: \/quality_gates\/max_complexity/,
    );
  });

  it('refuses what is no document, too long, nested or made of aliases', () => {
    checkRefused(() => readPolicy('a: [', 'x'), /at line 1/);
    checkRefused(() => readPolicy('- a', 'x'), /expected object/);
    checkRefused(() => readPolicy(`name: ${'x'.repeat(POLICY_LIMIT_BYTES)}`, 'x'), /more than/);
    checkRefused(() => readPolicy(`name: ${'['.repeat(10_000)}`, 'x'), /nested/);
    const bomb = [
      'a: &a [x, x]',
      ...Array.from('bcdefghijk', (name, index) => `${name}: &${name} [*${'abcdefghijk'[index]}, *${'abcdefghijk'[index]}]`),
    ];
    checkRefused(() => readPolicy(bomb.join('\n'), 'x'), /Cannot (?:read|take)/);
  });

  it("takes gates of one's own of each kind, and refuses one without a bound", () => {
    const gates = `custom_gates:
  - { id: small, kind: metric, metric: bytes, max: 1000 }
  - { id: tidy, kind: tool, tool: dead_code, max_findings: 2, on_failure: warn, retry: 1 }
  - { id: features, kind: validator, file: planning/features.json, json_schema: { type: array } }`;
    assert.equal(readPolicy(gates, 'x').custom_gates?.length, 3);
    checkRefused(() => readPolicy('custom_gates: [{ id: a, kind: metric, metric: bytes }]', 'x'), /"min" or "max"/);
    checkRefused(() => readPolicy('custom_gates: [{ id: a, kind: validator, file: ../x }]', 'x'), /below the artifacts/);
  });
});

describe('mergePolicies()', () => {
  it('lets a lower layer be stricter, keeps what is looser out, and says which layer each value is from', () => {
    const merged = mergePolicies([
      layer('universal', {
        quality_gates: { min_test_coverage: 70, max_complexity: 15, require_linting: true, allowed_licences: ['MIT', 'ISC'] },
        brand_constraints: { forbidden_terms: ['synergy'], no_emojis: false },
        gates: { default: { on_failure: 'block', retry: 1 } },
        phases: { qa: ['test_coverage'], default: ['security_scan'] },
      }),
      layer('project', {
        quality_gates: { min_test_coverage: 80, max_complexity: 20, require_linting: false, allowed_licences: ['MIT'] },
        brand_constraints: { forbidden_terms: ['leverage'], no_emojis: true },
        gates: { default: { on_failure: 'warn', retry: 0 }, complexity: { on_failure: 'warn' } },
        phases: { qa: ['complexity'], extra: ['licences'] },
      }),
      layer('run', { quality_gates: { min_test_coverage: 75, max_complexity: 10, allowed_licences: ['MIT', 'GPL-3.0'] } }),
    ]);
    const { document, view } = merged;
    assert.deepEqual(document.quality_gates, {
      min_test_coverage: 80,
      max_complexity: 10,
      require_linting: true,
      allowed_licences: ['MIT'],
    });
    assert.deepEqual(document.brand_constraints, { forbidden_terms: ['synergy', 'leverage'], no_emojis: true });
    assert.deepEqual(document.phases, {
      qa: ['test_coverage', 'complexity'],
      default: ['security_scan'],
      extra: ['security_scan', 'licences'],
    });
    assert.deepEqual(merged.rulesOf('complexity'), {
      on_failure: 'block',
      when_not_measured: 'warn',
      retry: 0,
      layer: 'universal',
    });
    assert.equal(merged.layerOf('/quality_gates/min_test_coverage'), 'project');
    assert.equal(merged.layerOf('/quality_gates/max_complexity'), 'run');
    assert.deepEqual(
      view.refused.map(({ pointer, layer: from, kept, kept_layer }) => [pointer, from, kept, kept_layer]),
      [
        ['/quality_gates/max_complexity', 'project', 15, 'universal'],
        ['/quality_gates/require_linting', 'project', true, 'universal'],
        ['/gates/default/on_failure', 'project', 'block', 'universal'],
        ['/gates/complexity/on_failure', 'project', 'block', 'universal'],
        ['/quality_gates/min_test_coverage', 'run', 80, 'project'],
        ['/quality_gates/allowed_licences', 'run', ['MIT'], 'project'],
      ],
    );
  });

  it('lets a lower layer be looser only where a layer above says so, and never by itself', () => {
    const universal = layer('universal', {
      quality_gates: { max_complexity: 15, min_test_coverage: 70 },
      overridable: ['/quality_gates/max_complexity'],
    });
    const project = layer('project', {
      quality_gates: { max_complexity: 40, min_test_coverage: 10 },
      overridable: ['/quality_gates/min_test_coverage'],
    });
    const { document } = mergePolicies([universal, project]);
    assert.deepEqual(document.quality_gates, { max_complexity: 40, min_test_coverage: 70 });
    const run = layer('run', { quality_gates: { min_test_coverage: 5 } });
    assert.equal(mergePolicies([universal, project, run]).document.quality_gates?.min_test_coverage, 5);
  });

  it("keeps a gate of one's own as the layer that made it has it, and refuses gates that there are not", () => {
    const gate = { id: 'small', kind: 'metric', metric: 'bytes', max: 10 } as const;
    const merged = mergePolicies([
      layer('universal', { custom_gates: [gate] }),
      layer('run', { custom_gates: [{ ...gate, max: 99 }] }),
    ]);
    assert.deepEqual(merged.customGates, [gate]);
    assert.equal(merged.view.refused[0]?.pointer, '/custom_gates/small');
    checkRefused(() => mergePolicies([layer('universal', { phases: { qa: ['smal'] } })]), /no gate "smal"/);
    checkRefused(() => mergePolicies([layer('universal', { custom_gates: [{ ...gate, id: 'complexity' }] })]), /built in/);
  });

  it('never gives less than any layer asks for, whatever the layers say', () => {
    const documents = fc.record(
      {
        quality_gates: fc.record(
          {
            min_test_coverage: fc.integer({ min: 0, max: 100 }),
            max_complexity: fc.integer({ min: 1, max: 99 }),
            require_linting: fc.boolean(),
          },
          { requiredKeys: [] },
        ),
        brand_constraints: fc.record({ forbidden_terms: fc.uniqueArray(fc.constantFrom('a', 'b', 'c')) }, { requiredKeys: [] }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(documents, documents, documents, (one, two, three) => {
        const merged = mergePolicies([layer('universal', one), layer('project', two), layer('run', three)]).document;
        const gates = [one, two, three].map(({ quality_gates }) => quality_gates ?? {});
        const most = (values: (number | undefined)[]): number => Math.max(-1, ...values.map((value) => value ?? -1));
        assert.equal(
          merged.quality_gates?.min_test_coverage ?? -1,
          most(gates.map(({ min_test_coverage }) => min_test_coverage)),
        );
        const least = gates.map(({ max_complexity }) => max_complexity ?? Infinity);
        assert.equal(merged.quality_gates?.max_complexity ?? Infinity, Math.min(...least));
        assert.equal(
          merged.quality_gates?.require_linting ?? false,
          gates.some(({ require_linting }) => require_linting === true),
        );
        const terms = new Set([one, two, three].flatMap(({ brand_constraints }) => brand_constraints?.forbidden_terms ?? []));
        assert.deepEqual(new Set(merged.brand_constraints?.forbidden_terms), terms);
      }),
    );
  });
});

describe('PolicyFolder', () => {
  it('has the bundled layer, and those of projects below it', async () => {
    const bundled = new PolicyFolder(null, systemClock).effective('any');
    assert.equal(bundled.document.quality_gates?.min_test_coverage, 70);
    assert.equal(bundled.document.quality_gates?.max_complexity, 15);
    assert.deepEqual(bundled.view.refused, []);
    const folder = await mkdtemp(join(tmpdir(), 'loopwright-policies-'));
    await mkdir(join(folder, 'projects'));
    await writeFile(join(folder, 'projects', 'acme.json'), '{"quality_gates":{"max_complexity":10}}');
    const policies = new PolicyFolder(folder, systemClock);
    assert.equal(policies.effective('acme').document.quality_gates?.max_complexity, 10);
    assert.equal(policies.effective('acme').layerOf('/quality_gates/max_complexity'), 'project');
    assert.equal(policies.effective('other').document.quality_gates?.max_complexity, 15);
    assert.deepEqual(
      policies.list().map(({ layer: name, projectId }) => [name, projectId]),
      [
        ['universal', null],
        ['project', 'acme'],
      ],
    );
    await writeFile(join(folder, 'projects', 'acme.json'), '{\n"quality_gates":{"max_complexety":10}}');
    checkRefused(() => new PolicyFolder(folder, systemClock), /acme\.json" at line 2: \/quality_gates\/max_complexety/);
  });
});
