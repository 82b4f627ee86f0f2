import assert from 'node:assert/strict';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type HumanTask, evaluatedPolicySchema, governanceResultsSchema, policyListSchema, toJson } from '@loopwright/protocol';
import type { TestServer } from '../http/app-fixture.ts';
import { ANN, createOne, detailOf, expectStatus, metricsOf, nextOf, untilRun } from '../runs/runs-fixture.ts';
import { governanceOf, openGovernedServer, openTasks } from '../governance/governance-fixture.ts';

const PLAN = {
  'PRD.md': `# Plan\n${'what it is for '.repeat(20)}`,
  'requirements.md': `# Needs\n${'what it does '.repeat(20)}`,
  'features.json': '["one"]',
};
const PROGRAM = '/** Adds. */\nexport function run(a: number): number {\n  return a + 1;\n}\n';
const TEST =
  "import assert from 'node:assert/strict';\nimport { it } from 'node:test';\nimport { run } from './program.ts';\nit('adds', () => assert.equal(run(1), 2));\n";
const SECRET = `const key = 'ghp_${'a1B2'.repeat(9)}';`;

let server: TestServer;
before(async () => {
  const policiesDir = await mkdtemp(join(tmpdir(), 'loopwright-policies-'));
  await mkdir(join(policiesDir, 'projects'));
  await writeFile(
    join(policiesDir, 'projects', 'strict.yaml'),
    'brand_constraints: { no_emojis: true }\ngates: { no_emojis: { on_failure: block } }\n',
  );
  server = await openGovernedServer({ policiesDir });
});
after(() => server[Symbol.asyncDispose]());

/** A run that stands before its first phase. */
async function begin(inputs: object, more: object = {}): Promise<string> {
  const { run_id } = await createOne(server, { profile: 'checked', inputs, ...more });
  return run_id;
}

async function blocked(runId: string): Promise<HumanTask> {
  const { message } = await nextOf(server, runId);
  const [task] = await openTasks(server, runId);
  assert.ok(task, message);
  return task;
}

function eventsOf(runId: string): string[] {
  return server.engine.read
    .events(runId, 0, 500)
    .filter(({ type }) => type.startsWith('governance_'))
    .map(
      ({ type, data }) =>
        `${type.slice('governance_check_'.length)} ${String(Object(data['data'])['gate_id'] ?? data['subject'])}`,
    );
}

describe('call: check', () => {
  it('lets a phase pass whose gates pass, tells each gate in the events, and has it in governance and metrics', async () => {
    const runId = await begin({ planning: PLAN, development: { 'program.ts': PROGRAM, 'program.test.ts': TEST } });
    await nextOf(server, runId);
    const { current_phase } = await nextOf(server, runId);
    assert.equal(current_phase, 'qa');
    const governance = await governanceOf(server, runId);
    assert.deepEqual(
      governance.checks.map(({ phase, results, override }) => [phase, results?.passed, override]),
      [
        ['planning', true, null],
        ['development', true, null],
      ],
    );
    const gates = governance.checks[1]?.results?.quality_gates ?? [];
    assert.deepEqual(
      gates.map(({ gate_id, status, actual }) => [gate_id, status, actual]),
      [
        ['test_pass_rate', 'passed', 100],
        ['test_coverage', 'passed', 100],
        ['code_quality', 'passed', 0],
        ['complexity', 'passed', 1],
        ['documentation', 'warned', 1],
        ['licences', 'passed', 0],
        ['security_scan', 'passed', 0],
      ],
    );
    assert.ok(governance.governance_score !== null && governance.governance_score < 1);
    assert.deepEqual(eventsOf(runId).slice(0, 3), ['started planning', 'passed plan_completeness', 'passed security_scan']);
    assert.equal(
      governance.policy.values.find(({ pointer }) => pointer === '/quality_gates/min_test_coverage')?.layer,
      'universal',
    );
    const metrics = await metricsOf(server, runId);
    assert.equal(metrics.governance_score, governance.governance_score);
    assert.equal(metrics.hygiene_score, 1);
    const development = metrics.phases_metrics.find(({ phase }) => phase === 'development');
    assert.equal(development?.governance_passed, true);
    assert.deepEqual(development?.governance_warnings, ['documentation: Things without documentation: 1 where 0 are allowed']);
  });

  it('stops a phase that a gate blocks, and goes on when a person says why; what was decided is kept with who and when', async () => {
    const runId = await begin({ planning: { ...PLAN, 'notes.md': SECRET } });
    const task = await blocked(runId);
    assert.deepEqual([task.kind, task.doc_type, task.scope_id], ['acceptance', 'governance', 'planning']);
    const subject = governanceResultsSchema.loose().parse(task.subject);
    assert.deepEqual(subject.failed_rules, ['security_scan']);
    assert.doesNotMatch(JSON.stringify(task), /a1B2/);
    assert.deepEqual(eventsOf(runId).at(-1), 'failed security_scan');
    const answer = (taskId: string, body: object): ReturnType<TestServer['post']> =>
      server.post(`/api/v1/tasks/${taskId}/answer`, body, { 'x-user-id': 'bob' });
    expectStatus(await answer(task.task_id, { accepted: true }), 200);
    // An acceptance without a reason is asked again.
    const again = await waitForTask(runId, task.task_id);
    expectStatus(await answer(again.task_id, { accepted: true, comment: ' a dummy of the documentation ' }), 200);
    await untilRun(server, runId, ({ current_phase }) => current_phase === 'development');
    const [check] = (await governanceOf(server, runId)).checks;
    assert.deepEqual(
      [check?.override?.accepted, check?.override?.by, check?.override?.comment],
      [true, 'bob', 'a dummy of the documentation'],
    );
    assert.equal(check?.results?.passed, false);
  });

  it('fails the phase when a person upholds the gate, and a retry checks what is there then', async () => {
    const runId = await begin({ planning: { ...PLAN, 'notes.md': SECRET } });
    const task = await blocked(runId);
    expectStatus(await server.post(`/api/v1/tasks/${task.task_id}/answer`, { accepted: false, comment: 'no keys' }, ANN), 200);
    const failed = await untilRun(server, runId, ({ status }) => status === 'failed');
    const execution = server.engine.read.execution(runId);
    assert.equal(Object(execution?.error)['title'], 'GOVERNANCE_REJECTED');
    assert.match(
      String(Object(execution?.error)['detail']),
      /"planning": security_scan blocked it, and ann upheld that: no keys/,
    );
    assert.equal(failed.phases[0]?.status, 'failed');
    await (await server.workspaces.ofExecution(runId)).write('planning', 'notes.md', 'clean');
    expectStatus(await server.post(`/runs/${runId}/retry`, undefined, ANN), 200);
    await untilRun(server, runId, ({ current_phase }) => current_phase === 'development');
    assert.equal((await governanceOf(server, runId)).checks[0]?.results?.passed, true);
  });

  it('skips the gates when whoever advances asks for it, and records who', async () => {
    const runId = await begin({ planning: { 'notes.md': SECRET } });
    await nextOf(server, runId, { skip_validation: true });
    const { checks, governance_score: score } = await governanceOf(server, runId);
    assert.deepEqual(
      checks.map(({ phase, results, skipped_by }) => [phase, results, skipped_by]),
      [['planning', null, 'ann']],
    );
    assert.equal(score, null);
    assert.deepEqual(eventsOf(runId), []);
    const [phase] = (await metricsOf(server, runId)).phases_metrics;
    assert.deepEqual([phase?.governance_passed, phase?.governance_warnings], [null, ['The gates were skipped by ann']]);
  });

  it('holds a project to its own layer', async () => {
    const runId = await begin({ planning: { ...PLAN, 'notes.md': 'Done ✅' } }, { project_id: 'strict' });
    const task = await blocked(runId);
    assert.deepEqual(governanceResultsSchema.loose().parse(task.subject).failed_rules, ['no_emojis']);
    const { policy } = await governanceOf(server, runId);
    assert.equal(policy.values.find(({ pointer }) => pointer === '/brand_constraints/no_emojis')?.layer, 'project');
    expectStatus(await server.post(`/runs/${runId}/cancel`, undefined, ANN), 200);
  });
});

describe('/policies', () => {
  it('lists the layers, and evaluates a policy and the gates without recording anything', async () => {
    const { policies } = policyListSchema.parse(expectStatus(await server.get('/api/v1/policies'), 200));
    assert.deepEqual(
      policies.map(({ layer, project_id }) => [layer, project_id]),
      [
        ['universal', null],
        ['project', 'strict'],
      ],
    );
    const runId = await begin({ planning: { ...PLAN, 'notes.md': 'Done ✅' } });
    await nextOf(server, runId);
    const evaluate = async (body: object): Promise<unknown> =>
      expectStatus(await server.post('/api/v1/policies/evaluate', body), 200);
    const only = evaluatedPolicySchema.parse(
      await evaluate({ project_id: 'strict', run_policy: 'quality_gates: { max_complexity: 99, min_test_coverage: 90 }' }),
    );
    assert.equal(only.results, null);
    assert.equal(Object(only.policy.policy['quality_gates'])['max_complexity'], 99);
    const recorded = await governanceOf(server, runId);
    const tried = evaluatedPolicySchema.parse(
      await evaluate({ run_id: runId, phase: 'planning', run_policy: 'brand_constraints: { no_emojis: true }' }),
    );
    assert.equal(tried.results?.quality_gates.find(({ gate_id }) => gate_id === 'no_emojis')?.status, 'warned');
    assert.deepEqual(await governanceOf(server, runId), recorded);
    const wrong = await server.post('/api/v1/policies/evaluate', { run_policy: 'qualty_gates: {}' });
    assert.deepEqual([wrong.status, Object(wrong.body).error_code], [400, 'INVALID_POLICY']);
    assert.deepEqual(toJson(Object(wrong.body).details.issues), [
      { pointer: '/qualty_gates', line: 1, column: 1, message: 'there is no field "qualty_gates"' },
    ]);
    assert.equal((await server.get('/api/v1/runs/nobody/governance')).status, 404);
    assert.equal((await detailOf(server, runId)).status, 'running');
  });
});

async function waitForTask(runId: string, except: string): Promise<HumanTask> {
  for (const end = performance.now() + 60_000; ;) {
    const task = (await openTasks(server, runId)).find(({ task_id }) => task_id !== except);
    if (task !== undefined) return task;
    assert.ok(performance.now() < end, 'it is asked again');
  }
}
