import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { bulkPreviewSchema, bulkResultSchema, humanTaskSchema } from '@loopwright/protocol';
import { type TestServer, errorIn, executionIn, openServer, untilStatus } from '../http/app-fixture.ts';
import type { GrantRole } from './roles.ts';
import { testPrincipal } from './walk-fixture.ts';

const DECIDE = `
document: { dsl: '1.0.0', namespace: test, name: decide, version: '1.0.0' }
do:
  - first: { call: accept, with: { title: For an admin, doc_type: plan, subject: 1, for: { role: admin } } }
  - second: { call: accept, with: { title: For one, doc_type: plan, subject: 1, for: { user: operator } } }`;
const HEAR = `
document: { dsl: '1.0.0', namespace: test, name: hear, version: '1.0.0' }
do: [{ heard: { listen: { to: { one: { with: { type: rung } } } } } }]`;

let server: TestServer;
before(async () => {
  server = await openServer({ principalOf: testPrincipal });
  await server.register(DECIDE, 'p-1');
  await server.register(HEAR, 'p-1');
});
after(() => server[Symbol.asyncDispose]());

const as = (actor: string): Record<string, string> => ({ 'x-test-actor': actor });
const start = async (workflow: string, projectId: string): Promise<string> => {
  const answer = await server.post(`/api/v1/workflows/${workflow}/start`, { project_id: projectId }, as('admin'));
  return executionIn(answer, 201).execution_id;
};
const grant = (projectId: string, userId: string, role: GrantRole): Promise<unknown> =>
  server.authorization.grants.put({ project_id: projectId, user_id: userId, role, granted_by: 'test' });

describe('a question that is for somebody, over HTTP', () => {
  it('is decided by the role in its project and by the user that the definition names, and by nobody else', async () => {
    const id = await start('decide', 'p-1');
    const decide = (actor: string): ReturnType<TestServer['post']> =>
      server.post(`/api/v1/executions/${id}/acceptance`, { accepted: true }, as(actor));
    const { pending_acceptance: asked } = await untilStatus(server, id, 'waiting_acceptance', as('admin'));
    const task = humanTaskSchema.parse((await server.get(`/api/v1/tasks/${asked?.task_id}`, as('viewer'))).body);
    assert.deepEqual(task.for, { role: 'admin' });
    errorIn(await decide('viewer'), 'FORBIDDEN');
    assert.deepEqual(errorIn(await decide('operator'), 'FORBIDDEN').details, { for: { role: 'admin' } });
    await grant('p-1', 'operator', 'admin');
    assert.equal((await decide('operator')).status, 200);
    await grant('p-1', 'operator', 'operator');
    await untilStatus(server, id, 'waiting_acceptance', as('admin'));
    assert.deepEqual(errorIn(await decide('admin'), 'FORBIDDEN').details, { for: { user: 'operator' } });
    assert.equal((await decide('operator')).status, 200);
    await untilStatus(server, id, 'completed', as('admin'));
    const answered = humanTaskSchema.parse((await server.get(`/api/v1/tasks/${task.task_id}`, as('viewer'))).body);
    assert.equal(answered.answered_by, 'operator');
  });
});

describe('a question for one user', () => {
  it('is answered instead by an administrator of its project who says why, as the audit log has it', async () => {
    const id = await start('decide', 'p-5');
    await untilStatus(server, id, 'waiting_acceptance', as('admin'));
    assert.equal((await server.post(`/api/v1/executions/${id}/acceptance`, { accepted: true }, as('admin'))).status, 200);
    const { pending_acceptance: asked } = await untilStatus(server, id, 'waiting_acceptance', as('admin'));
    const path = `/api/v1/tasks/${asked?.task_id}/answer`;
    const answer = { accepted: true, override_reason: 'The operator is away' };
    await grant('p-5', 'guest', 'operator');
    errorIn(await server.post(path, answer, as('guest')), 'FORBIDDEN');
    errorIn(await server.post(path, { accepted: true }, as('admin')), 'FORBIDDEN');
    errorIn(await server.post(path, { ...answer, override_reason: ' ' }, as('admin')), 'VALIDATION_ERROR');
    await grant('p-5', 'guest', 'admin');
    const answered = humanTaskSchema.parse((await server.post(path, answer, as('guest'))).body);
    assert.partialDeepStrictEqual(answered, {
      answered_by: 'guest',
      for: { user: 'operator' },
      answer: { instead_of: 'operator', override_reason: 'The operator is away' },
    });
    const log = JSON.stringify((await server.get('/api/v1/audit?limit=50', as('admin'))).body);
    assert.match(log, /"override_reason":"The operator is away"/);
    assert.match(log, /"for":\{"user":"operator"\}/);
  });
});

describe('a grant that is taken away', () => {
  it('ends a stream of events that is open', async () => {
    await grant('p-3', 'operator', 'operator');
    const id = await start('hold', 'p-3');
    // Node's own client takes headers, which browsers' do not.
    const options = { headers: as('operator') } as unknown as string[];
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/api/v1/ws/executions/${id}`, options);
    await once(socket, 'message');
    const closed = once(socket, 'close');
    await grant('p-3', 'operator', 'none');
    await server.engine.pause(id, 'test');
    const [{ code, reason }] = (await closed) as [{ code: number; reason: string }];
    assert.deepEqual([code, reason], [1008, 'FORBIDDEN']);
  });

  it('takes what was previewed for many executions with it', async () => {
    await grant('p-4', 'operator', 'operator');
    const id = await start('hold', 'p-4');
    const filter = { project_id: 'p-4' };
    const preview = await server.post('/api/v1/executions/bulk', { action: 'cancel', dry_run: true, filter }, as('operator'));
    const { token, count } = bulkPreviewSchema.parse(preview.body);
    assert.equal(count, 1);
    await grant('p-4', 'operator', 'viewer');
    const { body } = await server.post('/api/v1/executions/bulk', { token }, as('operator'));
    assert.partialDeepStrictEqual(bulkResultSchema.parse(body), { failed: 1, results: [{ error_code: 'FORBIDDEN' }] });
    assert.equal(server.engine.read.status(id), 'running');
  });
});

describe('POST /api/v1/events', () => {
  it('reaches the executions of the projects where the caller may', async () => {
    const [here, there] = [await start('hear', 'p-5'), await start('hear', 'p-6')];
    const isListening = (id: string): boolean => server.engine.read.events(id, 0, 9).some(({ type }) => type === 'listening');
    while (![here, there].every(isListening)) await new Promise((resolve) => void setImmediate(resolve));
    await grant('p-6', 'operator', 'viewer');
    const event = { specversion: '1.0', id: 'e1', source: 'test', type: 'rung' };
    assert.deepEqual((await server.post('/api/v1/events', event, as('operator'))).body, { delivered: 1 });
    await untilStatus(server, here, 'completed', as('admin'));
    assert.equal(server.engine.read.status(there), 'running');
  });
});
