import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { grantListSchema, permissionTableSchema, projectListSchema, userListSchema, userSchema } from '@loopwright/protocol';
import { testPrincipal } from '../../authorization/walk-fixture.ts';
import type { Role } from '../../identity/principal.ts';
import { type TestServer, errorIn, executionIn, openServer, pointersIn } from '../app-fixture.ts';

let server: TestServer;
before(async () => {
  server = await openServer({ principalOf: testPrincipal });
  for (const [user_id, role] of Object.entries({ ada: 'admin', bob: 'admin', 'https://id.example|c/1': 'viewer' }))
    await server.database
      .insertInto('users')
      .values({ user_id, role: role as Role, email: null, name: null, created_at: 1, last_seen_at: 2 })
      .execute();
});
after(() => server[Symbol.asyncDispose]());

const ADMIN = { 'x-test-actor': 'admin' };
const change = (id: string, role: string): ReturnType<TestServer['send']> =>
  server.send('PATCH', `/api/v1/users/${encodeURIComponent(id)}`, { role }, ADMIN);

describe('/api/v1/users', () => {
  it('lists users by their names, page by page', async () => {
    const page = async (query: string): Promise<{ ids: string[]; next: string | null }> => {
      const { users, next_cursor } = userListSchema.parse((await server.get(`/api/v1/users?${query}`, ADMIN)).body);
      return { ids: users.map(({ user_id }) => user_id), next: next_cursor };
    };
    const first = await page('limit=2');
    assert.deepEqual(first.ids, ['ada', 'bob']);
    assert.deepEqual(await page(`limit=2&cursor=${first.next}`), { ids: ['https://id.example|c/1'], next: null });
  });

  it('changes a role, but not that of the last administrator, however many ask at once', async () => {
    const name = 'https://id.example|c/1';
    assert.equal(userSchema.parse((await change(name, 'operator')).body).stored_role, 'operator');
    const kept = userSchema.parse((await server.get(`/api/v1/users/${encodeURIComponent(name)}`, ADMIN)).body);
    assert.equal(kept.stored_role, 'operator');
    errorIn(await change('nobody', 'viewer'), 'USER_NOT_FOUND');
    assert.deepEqual(pointersIn(errorIn(await change('ada', 'none'), 'VALIDATION_ERROR')), ['/body/role']);
    const both = await Promise.all([change('ada', 'viewer'), change('bob', 'viewer')]);
    assert.deepEqual(
      both.map(({ status }) => status).sort((one, other) => one - other),
      [200, 409],
    );
    const last = both[0]?.status === 409 ? 'ada' : 'bob';
    errorIn(await change(last, 'operator'), 'INVALID_STATE');
    assert.equal((await change(last, 'admin')).status, 200);
    await change('ada', 'admin');
    assert.equal((await change('bob', 'operator')).status, 200);
  });
});

describe('/api/v1/projects', () => {
  const grant = (project: string, user: string, role: string): ReturnType<TestServer['send']> =>
    server.send('PUT', `/api/v1/projects/${project}/grants/${user}`, { role }, ADMIN);

  it('gives and takes roles in single projects, with effect on the next request', async () => {
    const as = { 'x-test-actor': 'operator' };
    const start = (): ReturnType<TestServer['post']> => server.post('/api/v1/workflows/plain/start', { project_id: 'one' }, as);
    const { execution_id: id } = executionIn(await start(), 201);
    assert.equal((await grant('one', 'operator', 'viewer')).status, 200);
    assert.equal((await start()).status, 403);
    assert.equal((await server.get(`/api/v1/executions/${id}`, as)).status, 200);
    await grant('one', 'operator', 'none');
    errorIn(await server.get(`/api/v1/executions/${id}`, as), 'EXECUTION_NOT_FOUND');
    const { grants } = grantListSchema.parse((await server.get('/api/v1/projects/one/grants', ADMIN)).body);
    assert.deepEqual(
      grants.map(({ user_id, role, granted_by }) => [user_id, role, granted_by]),
      [['operator', 'none', 'admin']],
    );
    assert.equal((await server.send('DELETE', '/api/v1/projects/one/grants/operator', undefined, ADMIN)).status, 200);
    errorIn(await server.send('DELETE', '/api/v1/projects/one/grants/operator', undefined, ADMIN), 'GRANT_NOT_FOUND');
    assert.equal((await server.get(`/api/v1/executions/${id}`, as)).status, 200);
  });

  it('lists the projects that somebody sees, wherever they are found, each page whole', async () => {
    for (let index = 0; index < 7; index += 1) await grant(`p${index}`, 'viewer', index % 2 === 0 ? 'none' : 'operator');
    await server.authorization.resources.claimProgram('a-program', { projectId: 'p9' });
    executionIn(await server.post('/api/v1/workflows/plain/start', { project_id: 'a' }, ADMIN), 201);
    const names: [string, string][] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const { body } = await server.get(`/api/v1/projects?limit=2${cursor === undefined ? '' : `&cursor=${cursor}`}`, {
        'x-test-actor': 'viewer',
      });
      const page = projectListSchema.parse(body);
      assert.ok(page.next_cursor === null || page.projects.length === 2);
      names.push(...page.projects.map(({ project_id, role }): [string, string] => [project_id, role]));
      cursor = page.next_cursor;
    }
    const mine = ['p1', 'p3', 'p5'].map((name) => [name, 'operator']);
    assert.deepEqual(names, [['a', 'viewer'], ['one', 'viewer'], ...mine, ['p9', 'viewer']]);
  });
});

describe('/api/v1/permissions', () => {
  it('shows the table to everybody who is known', async () => {
    const { body } = await server.get('/api/v1/permissions', { 'x-test-actor': 'viewer' });
    const { operations, roles } = permissionTableSchema.parse(body);
    const cancel = operations.find(({ operation }) => operation === 'POST /api/v1/executions/{execution_id}/cancel');
    assert.deepEqual(cancel, { operation: cancel?.operation, permission: 'executions:write', public: false, on: 'execution' });
    assert.ok(roles.operator.includes('executions:write') && !roles.viewer.includes('executions:write'));
    assert.equal((await server.get('/api/v1/permissions')).status, 401);
  });
});
