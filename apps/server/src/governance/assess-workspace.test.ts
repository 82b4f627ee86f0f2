import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { PlatformError, systemClock, systemRandom } from '@loopwright/protocol';
import { assessWorkspace } from './assess-workspace.ts';
import { mergePolicies } from './policy/merge-policies.ts';
import type { PolicyDocument } from './policy/policy-document.ts';
import { folderOf } from './survey/survey-fixture.ts';

const noSandbox = (): never => {
  throw new PlatformError('SERVICE_UNAVAILABLE', 'Cannot run the tests: there is no sandbox');
};
const policyOf = (document: PolicyDocument): ReturnType<typeof mergePolicies> =>
  mergePolicies([{ layer: 'universal', projectId: null, source: 'test', document }]);
const rest = { phase: 'qa', evidence: { evaluation: null, examples: null } };

describe('assessWorkspace()', () => {
  it('measures a gate that blocks anew as often as the policy says, and no other one', async () => {
    const root = await folderOf({ 'a.js': 'debugger;' });
    const policy = policyOf({
      quality_gates: { require_linting: true, security_scan_required: true },
      gates: { code_quality: { retry: 1 } },
    });
    let looks = 0;
    // The time is asked for in each survey.
    const clock = {
      ...systemClock,
      now: () => {
        looks += 1;
        return systemClock.now();
      },
    };
    const parts = { clock, random: systemRandom, sandbox: noSandbox };
    const gates = ['code_quality', 'security_scan'];
    const failed = await assessWorkspace({ root, policy, gates, ...rest }, parts);
    const shown = failed.results.quality_gates.map(({ gate_id, status, attempts }) => [gate_id, status, attempts]);
    assert.deepEqual(shown, [
      ['code_quality', 'blocked', 2],
      ['security_scan', 'passed', 1],
    ]);
    assert.deepEqual([failed.results.passed, failed.results.failed_rules], [false, ['code_quality']]);
    assert.ok(looks >= 2);
    await writeFile(join(root, 'a.js'), 'export const a = 1;');
    const passed = await assessWorkspace({ root, policy, gates, ...rest }, parts);
    assert.deepEqual([passed.results.passed, passed.results.quality_gates[0]?.attempts], [true, 1]);
    assert.notEqual(passed.workspaceDigest, failed.workspaceDigest);
  });

  it('opens no sandbox without a gate that needs tests, and fails when it needs one that is not there', async () => {
    const root = await folderOf({ 'a.test.js': "import test from 'node:test'; test('a', () => {});" });
    const parts = { clock: systemClock, random: systemRandom, sandbox: async () => noSandbox() };
    const quiet = await assessWorkspace({ root, policy: policyOf({}), gates: ['complexity'], ...rest }, parts);
    assert.equal(quiet.results.passed, true);
    await assert.rejects(
      assessWorkspace({ root, policy: policyOf({}), gates: ['test_pass_rate'], ...rest }, parts),
      /no sandbox/,
    );
  });
});
