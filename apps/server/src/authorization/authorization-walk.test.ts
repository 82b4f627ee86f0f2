import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { executionListSchema, workflowListSchema, workflowVersionsSchema } from '@loopwright/protocol';
import Fastify from 'fastify';
import { z } from 'zod';
import type { Answer, TestServer } from '../http/app-fixture.ts';
import { OPERATIONS } from './permissions.ts';
import { requireRows } from './require-rows.ts';
import { ROLE_PERMISSIONS } from './roles.ts';
import type { Rule } from './rule.ts';
import {
  ACTORS,
  type Actor,
  type ActorName,
  type Belongings,
  PROJECTS,
  type Project,
  openProjects,
  openStream,
} from './walk-fixture.ts';

let server: TestServer;
let belongings: Record<Project, Belongings>;
before(async () => {
  ({ server, belongings } = await openProjects());
});
after(() => server[Symbol.asyncDispose]());

/** A valid body for every operation that takes one. An operation without a row here is answered 400, which this test refuses. */
const BODIES: Readonly<Record<string, (of: Belongings) => unknown>> = {
  'POST /api/v1/workflows/{workflow_id}/start': ({ project }) => ({ project_id: project }),
  'POST /api/v1/executions/bulk': () => ({ action: 'resume', dry_run: true, filter: {} }),
  'POST /api/v1/executions/{execution_id}/acceptance': () => ({ accepted: true }),
  'POST /api/v1/executions/{execution_id}/clarification': () => ({ answers: { LENGTH: 1 }, step_id: 'ask' }),
  'POST /api/v1/executions/{execution_id}/budget': () => ({ add: { tokens: 1 } }),
  'POST /api/v1/executions/{execution_id}/move': () => ({ definition_digest: '0'.repeat(64) }),
  'POST /api/v1/tasks/{task_id}/answer': () => ({ answers: { LENGTH: 2 } }),
  'POST /api/v1/programs/{name}/execute': () => ({ input: 'x' }),
  'POST /api/v1/programs/{name}/executions/query': () => ({ sql: 'SELECT 1' }),
  'POST /api/v1/programs/{name}/samples/claim': () => ({}),
  'POST /api/v1/programs/{name}/samples/{sample_id}/answer': () => ({ correct: true }),
  'POST /api/v1/webhooks': ({ project }) => ({
    url: 'http://127.0.0.1:9/',
    event_types: ['webhook_disabled'],
    project_id: project,
  }),
  'PATCH /api/v1/webhooks/{webhook_id}': () => ({ description: 'walked' }),
  'POST /api/v1/webhooks/{webhook_id}/secret': () => ({}),
  'POST /runs': ({ project }) => ({ profile: 'phased', intake: 'x', project_id: project }),
  'POST /runs/bulk': () => ({ action: 'resume', dry_run: true, filter: {} }),
  'POST /runs/{run_id}/clone': ({ project }) => ({ project_id: project }),
  'POST /api/v1/policies/evaluate': ({ project }) => ({ project_id: project }),
  'POST /api/v1/api-keys': () => ({ name: 'walked' }),
  'POST /api/v1/events': () => ({ specversion: '1.0', id: crypto.randomUUID(), source: 'test', type: 'nobody.hears' }),
  'PUT /api/v1/projects/{project_id}/grants/{user_id}': () => ({ role: 'viewer' }),
  'PUT /api/v1/programs/{name}/aliases/{alias}': () => ({ version: 1 }),
  'POST /api/v1/programs/{name}/aliases/{alias}/rollback': () => ({}),
  'POST /api/v1/programs/{name}/diffs': () => ({ candidate: 1 }),
  'POST /api/v1/programs/{name}/rollback': () => ({}),
  'POST /api/v1/programs/{name}/rollouts': () => ({ candidate: 1 }),
  ...Object.fromEntries(
    ['advance', 'pause', 'promote', 'resume', 'rollback'].map((action) => [
      `POST /api/v1/programs/{name}/rollouts/{rollout_id}/${action}`,
      () => ({}),
    ]),
  ),
  'PATCH /api/v1/users/{user_id}': () => ({ role: 'operator' }),
  'POST /api/v1/tasks': ({ project }) => ({ name: `task-of-${project}`, description: 'walked', project_id: project }),
  'POST /api/v1/tasks/{name}/execute': () => ({ input: 'x' }),
  'POST /api/v1/batch/execute': ({ program }) => ({ task_id: program, items: [{ id: '1', input: 'x' }] }),
  'POST /api/v1/batch/validate': ({ program }) => ({
    task_id: program,
    items: [{ id: '1', input: 'x', output: 'x', expected_output: 'x' }],
  }),
  'POST /api/v1/validation/programs/{program_id}/improve': () => ({}),
  'POST /api/v1/validation/programs/compare': ({ program }) => ({
    control_program_id: `${program}@1`,
    treatment_program_id: `${program}@2`,
  }),
  'POST /api/v1/validation/programs/canary/start': ({ program }) => ({ new_program_id: `${program}@2` }),
  'POST /api/v1/validation/programs/canary/{canary_id}/progress': () => ({}),
  'POST /api/v1/validation/programs/canary/{canary_id}/rollback': () => ({}),
  'POST /api/v1/modules/{name}/request': () => ({ path: '/health' }),
  'POST /api/v1/modules/{name}/rotate': () => ({ names: ['KEY'] }),
};

/** Questions that find as much as can be found. */
const QUERIES: Readonly<Record<string, (of: Belongings) => string>> = {
  'POST /api/v1/examples': ({ project }) => `?project_id=${project}`,
  'GET /api/v1/executions': () => '?limit=500',
  'GET /api/v1/executions/stuck': () => '?for_seconds=0',
  'GET /api/v1/audit': () => '?limit=500',
  'GET /api/v1/programs/{name}/analytics/range': () => '?from=2026-01-01&to=2026-01-31',
  'GET /api/v1/programs/{name}/break-even': () => '?requests_per_day=1&model=a/b',
  'GET /api/v1/profiles/{profile}/estimate': ({ project }) => `?project_id=${project}`,
  'GET /runs/{run_id}/checkpoints/compare': () => '?from=missing&to=missing',
};

/** The pages of the dashboard and their files. */
const PAGE = /^GET \/(?:assets\/\{file\}|(?:sign-in|orchestrator|inbox|programs|new-run|modules|settings|api-docs)?(?:\/\*)?)$/;

/** The tail of a document of examples: a stream that is no JSON. */
const EXAMPLES = '{"input":"x","output":"a"}\n{"input":"y","output":"b"}\n';
/** What is not found although it is allowed: these requests name a definition, a key, a session or an identity provider that there is not. */
const NOT_FOUND_ALL_THE_SAME = new Map([
  ['POST /api/v1/executions/{execution_id}/move', 'WORKFLOW_NOT_FOUND'],
  ['GET /api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}', 'DELIVERY_NOT_FOUND'],
  ['POST /api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver', 'DELIVERY_NOT_FOUND'],
  ['GET /runs/{run_id}/artifacts/{artifact_id}/download', 'RUN_ARTIFACT_NOT_FOUND'],
  ['GET /runs/{run_id}/files/{phase}/{name}', 'RUN_ARTIFACT_NOT_FOUND'],
  ['GET /runs/{run_id}/checkpoints/compare', 'CHECKPOINT_NOT_FOUND'],
  ['GET /runs/{run_id}/checkpoints/{checkpoint_id}', 'CHECKPOINT_NOT_FOUND'],
  ['POST /runs/{run_id}/checkpoints/{checkpoint_id}/rollback', 'CHECKPOINT_NOT_FOUND'],
  ['POST /api/v1/api-keys/{key_id}/rotate', 'API_KEY_NOT_FOUND'],
  ['DELETE /api/v1/api-keys/{key_id}', 'API_KEY_NOT_FOUND'],
  ['DELETE /api/v1/sessions/{session_id}', 'SESSION_NOT_FOUND'],
  ['GET /api/v1/programs/{name}/rollouts/{rollout_id}', 'ROLLOUT_NOT_FOUND'],
  ...['advance', 'pause', 'promote', 'resume', 'rollback'].map(
    (action) => [`POST /api/v1/programs/{name}/rollouts/{rollout_id}/${action}`, 'ROLLOUT_NOT_FOUND'] as const,
  ),
  ['GET /api/v1/programs/{name}/task', 'PROGRAM_TASK_NOT_FOUND'],
  ['GET /api/v1/modules/{name}', 'MODULE_NOT_FOUND'],
  ['GET /api/v1/modules/{name}/logs', 'MODULE_NOT_FOUND'],
  ...['start', 'stop', 'restart', 'replace', 'drain', 'rotate', 'request'].map(
    (action) => [`POST /api/v1/modules/{name}/${action}`, 'MODULE_NOT_FOUND'] as const,
  ),
  ['GET /auth/login', 'LOGIN_NOT_CONFIGURED'],
  ['GET /auth/callback', 'LOGIN_NOT_CONFIGURED'],
]);

/** Runs are served under two paths, in the same way. */
function faceless(operation: string): string {
  return operation.replace(' /api/v1/runs', ' /runs');
}

function pathOf(operation: string, of: Belongings): string {
  const values: Record<string, string> = {
    execution_id: of.execution,
    task_id: of.task,
    workflow_id: operation.includes('/schedule/') ? of.workflow : 'plain',
    digest: of.digest,
    profile: 'phased',
    name: operation.includes('/files/') ? 'missing' : of.program,
    project_id: of.project,
    user_id: 'target',
    run_id: of.run,
    rollout_id: 'missing',
    canary_id: of.canary,
    program_id: `${of.program}@1`,
    version: '1',
    alias: 'active',
    artifact_id: 'missing',
    checkpoint_id: 'missing',
    phase: 'missing',
    webhook_id: of.webhook,
    delivery_id: 'missing',
    sample_id: 'missing',
    key_id: 'missing',
    session_id: 'missing',
    file: 'page.js',
  };
  const path = operation.slice(operation.indexOf(' ') + 1).replaceAll(/\{(\w+)\}/g, (_all, name) => values[name] ?? '');
  return `${path}${QUERIES[faceless(operation)]?.(of) ?? ''}`;
}

async function ask(operation: string, who: ActorName | 'nobody', of: Belongings): Promise<Answer> {
  const [method = ''] = operation.split(' ');
  const headers: Record<string, string> = who === 'nobody' ? {} : { 'x-test-actor': who };
  const path = pathOf(operation, of);
  if (method === 'WS') return openStream(server.url + path, headers);
  if (operation === 'POST /api/v1/examples')
    return server.post(path, EXAMPLES, { ...headers, 'content-type': 'application/x-ndjson' });
  return server.send(method, path, BODIES[faceless(operation)]?.(of), headers);
}

/** The role of an actor in a project, by the words of the decision and by none of its code. */
function roleIn({ role, grants, roleCap, onlyProjects }: Actor, project: Project | 'default'): string {
  if (onlyProjects !== undefined && !onlyProjects.includes(project)) return 'none';
  const granted = grants[project] ?? role;
  return granted === 'none' ? 'none' : (roleCap ?? granted);
}

/** What the table says: 401, 403, 404, or 200 for whatever else the operation answers. */
function expected(rule: Rule, who: ActorName | 'nobody', of: Belongings): number {
  if (rule.need === 'nothing') return 200;
  if (who === 'nobody') return 401;
  if (rule.need === 'identity') return 200;
  const actor: Actor = ACTORS[who];
  const { need, on } = rule;
  const has = (role: string): boolean =>
    (actor.scopes?.includes(need) ?? true) &&
    Object.entries(ROLE_PERMISSIONS).some(([name, permissions]) => name === role && permissions.includes(need));
  const platform = actor.onlyProjects === undefined ? (actor.roleCap ?? actor.role) : 'viewer';
  if (rule.also !== undefined) {
    const first = expected({ need, on }, who, of);
    return first === 200 && !has(roleIn(actor, of.project)) ? 403 : first;
  }
  if (on === 'platform') return has(platform) ? 200 : 403;
  if (on === 'anywhere') return [platform, ...PROJECTS.map((project) => roleIn(actor, project))].some(has) ? 200 : 403;
  const role = roleIn(actor, of.project);
  if (on.endsWith('.project_id')) return has(role) || (need === 'projects:admin' && has(platform)) ? 200 : 403;
  if (role === 'none') return 404;
  return has(role) ? 200 : 403;
}

/** The status of an answer as far as it says who may; others are all 200 here, but what tells that a request was not as it should be. */
function decided(operation: string, { status, body }: Answer): number {
  const code = z.looseObject({ error_code: z.string() }).safeParse(body).data?.error_code ?? '';
  if (status === 404 && NOT_FOUND_ALL_THE_SAME.get(faceless(operation)) === code) return 200;
  // Everybody may end the session that they are in; these actors are in none.
  if (operation === 'POST /auth/logout' && JSON.stringify(body).includes('not made in a session')) return 200;
  // The schedule of a workflow that the caller does not see is answered like that of one that has none.
  if (operation.includes('/schedule/') && status === 409 && JSON.stringify(body).includes('it has none"')) return 404;
  assert.notEqual(status, 400, `${operation} got no valid request: ${JSON.stringify(body)}`);
  assert.notEqual(status, 500, `${operation} failed: ${JSON.stringify(body)}`);
  return [401, 403, 404].includes(status) ? status : 200;
}

/** The workflows whose schedules somebody sees. */
async function schedulesOf(who: ActorName): Promise<string[]> {
  const { body } = await server.get('/api/v1/workflows', { 'x-test-actor': who });
  const { workflows } = workflowListSchema.parse(body);
  return workflows.flatMap(({ workflow_id, schedule }) => (schedule === null ? [] : [workflow_id])).sort();
}

/** What operations remove: a grant, and a webhook. */
async function restore(project_id: Project): Promise<void> {
  await server.authorization.grants.put({ user_id: 'target', project_id, role: 'viewer', granted_by: 'test' });
  await server.database
    .insertInto('webhooks')
    .values(belongings[project_id].webhookRow)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

describe('the table of permissions', () => {
  const inDocument = async (): Promise<string[]> => {
    const { paths } = z
      .looseObject({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) })
      .parse((await server.get('/openapi.json')).body);
    return Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
  };

  it('has a row for every operation of the document, and no other but the hidden ones', async () => {
    const documented = await inDocument();
    const hidden = Object.keys(OPERATIONS).filter((operation) => !documented.includes(operation));
    const isPage = (operation: string): boolean => OPERATIONS[operation]?.need === 'nothing' && PAGE.test(operation);
    assert.ok(hidden.some(isPage));
    assert.deepEqual(hidden.filter((operation) => !isPage(operation)).sort(), [
      'GET /auth/callback',
      'GET /docs/*',
      'GET /openapi.json',
      'GET /redoc',
      'WS /api/v1/ws/events',
      'WS /api/v1/ws/executions/{execution_id}',
    ]);
    for (const operation of documented) assert.ok(operation in OPERATIONS, operation);
  });

  it('keeps a server from starting that has a route without a row, or a row without a route', async () => {
    const app = Fastify();
    requireRows(app);
    assert.throws(() => app.get('/api/v1/secrets', () => 'x'), /GET \/api\/v1\/secrets/);
    assert.throws(() => app.route({ method: ['GET', 'DELETE'], url: '/health', handler: () => 'x' }), /DELETE \/health/);
    await assert.rejects(async () => app.ready(), /rows without a route: .*GET \/api\/v1\/users/);
  });

  it('lets nothing of a project through to whoever does not see it', async () => {
    const { execution, paused, task, digest, program, run, webhook, canary } = belongings['p-1'];
    const secrets = [execution, paused, task, digest, program, run, webhook, canary, 'p-1'];
    for (const who of ['stranger', 'guest', 'confined'] as const) {
      for (const operation of Object.keys(OPERATIONS)) {
        if (operation.startsWith('WS ') || OPERATIONS[operation]?.need === 'nothing') continue;
        const { status, body } = await ask(operation, who, belongings['p-2']);
        const text = JSON.stringify(body);
        for (const secret of secrets)
          assert.ok(!text.includes(secret), `${operation} as ${who} (${status}) tells "${secret}": ${text.slice(0, 500)}`);
      }
    }
    // They are there for whoever sees them, so that what was looked for could have been found.
    const all = [
      '/tasks',
      '/executions',
      '/executions/stuck?for_seconds=0',
      '/programs',
      '/webhooks',
      '/runs',
      '/audit?limit=500',
      '/projects',
      `/programs/${program}/rollouts`,
    ];
    const seen = await Promise.all(
      all.map(async (path) => (await server.get(`/api/v1${path}`, { 'x-test-actor': 'admin' })).body),
    );
    const whole = JSON.stringify(seen);
    for (const secret of secrets) assert.ok(whole.includes(secret), secret);
    assert.deepEqual(await schedulesOf('stranger'), ['yearly-two']);
    assert.deepEqual(await schedulesOf('admin'), ['yearly', 'yearly-one', 'yearly-two']);
  });

  it('is what every operation answers to everybody, about what is theirs and what is not', async () => {
    let walked = 0;
    const wrong: string[] = [];
    for (const [operation, rule] of Object.entries(OPERATIONS)) {
      for (const who of ['nobody', ...Object.keys(ACTORS)] as (ActorName | 'nobody')[]) {
        for (const project of PROJECTS) {
          if (!operation.startsWith('GET ')) await restore(project);
          const answer = await ask(operation.replace('/*', ''), who, belongings[project]);
          const is = decided(operation, answer);
          const should = expected(rule, who, belongings[project]);
          if (is !== should)
            wrong.push(`${operation} as ${who} in ${project}: ${is} for ${should} ${JSON.stringify(answer.body).slice(0, 300)}`);
          walked += 1;
        }
      }
    }
    assert.deepEqual(wrong, []);
    assert.ok(walked > 800, String(walked));
  });

  it('counts only what is seen, and pages over nothing else', async () => {
    const as = { 'x-test-actor': 'stranger' };
    const list = async (path: string): Promise<{ executions: { project_id: string }[]; total: number }> =>
      executionListSchema.parse((await server.get(path, as)).body);
    const { executions, total } = await list('/api/v1/executions?limit=500');
    assert.ok(total > 0 && executions.length === total && executions.every(({ project_id }) => project_id === 'p-2'));
    assert.equal((await list('/api/v1/executions?limit=1')).total, total);
    assert.deepEqual(await list('/api/v1/executions?project_id=p-1'), { executions: [], total: 0, next_cursor: null });
    const everybody = executionListSchema.parse((await server.get('/api/v1/executions', { 'x-test-actor': 'admin' })).body);
    assert.ok(everybody.total > total);
    const { versions } = workflowVersionsSchema.parse((await server.get('/api/v1/workflows/review/versions', as)).body);
    const counted = Object.values(versions[0]?.executions ?? {}).reduce((sum, count) => sum + count, 0);
    assert.equal(counted, (await list('/api/v1/executions?workflow_id=review')).total);
  });

  it('answers for what is hidden exactly as for what is not there', async () => {
    const hidden = belongings['p-1'];
    const missing: Belongings = {
      ...hidden,
      execution: 'absent-one',
      task: 'absent-one',
      digest: '1'.repeat(64),
      program: 'absent-one',
      run: 'absent-one',
      webhook: 'absent-one',
      workflow: 'plain',
    };
    for (const [operation, rule] of Object.entries(OPERATIONS)) {
      if (rule.need === 'nothing' || rule.need === 'identity') continue;
      if (!['execution', 'task', 'schedule', 'examples', 'program', 'run', 'webhook'].includes(rule.on)) continue;
      const plain = ({ status, body, headers }: Answer, of: Belongings): string =>
        [of.execution, of.task, `\\"${of.workflow}\\"`, of.digest, of.program, of.run, of.webhook].reduce(
          (text, name) => text.replaceAll(name, 'X'),
          JSON.stringify({ status, body, headers: [...headers.keys()].sort() }).replaceAll(/"request_id":"[^"]+"/g, ''),
        );
      const one = plain(await ask(operation, 'stranger', hidden), hidden);
      assert.equal(one, plain(await ask(operation, 'stranger', missing), missing), operation);
      assert.match(one, /_NOT_FOUND|it has none/);
    }
  });
});
