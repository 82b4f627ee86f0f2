import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  type InboxEntry,
  humanTaskContextSchema,
  humanTaskListSchema,
  inboxCountSchema,
  inboxSchema,
} from '@loopwright/protocol';
import { testPrincipal } from '../../authorization/walk-fixture.ts';
import { DEFINITIONS, type TestServer, errorIn, executionIn, openServer, pointersIn, untilStatus } from '../app-fixture.ts';

const documentOf = (name: string, rest: string): string =>
  `document: { dsl: '1.0.0', namespace: test, name: ${name}, version: '1.2.0'${rest}`;
const asks = (name: string, more = ''): string =>
  documentOf(name, ` }\ndo: [{ decide: { call: accept, with: { title: ${name}?, doc_type: draft, subject: ${name}${more} } } }]`);
const WORKFLOWS = {
  ...DEFINITIONS,
  simple: asks('simple'),
  timed: asks('timed', ', expires_in_ms: 3600000'),
  personal: asks('personal', ', for: { user: operator }'),
  ruled: asks('ruled', ', for: { role: admin }'),
  above: documentOf('above', ` }\ndo: [{ part: { run: { workflow: { namespace: test, name: simple, version: '1.2.0' } } } }]`),
  gated: documentOf(
    'gated',
    `, metadata: { profile: { title: Gated, phases: { planning: {}, data: {}, qa: {} } } } }
do: [{ planning: { do: [{ decide: { call: accept, with: { title: gated?, doc_type: plan, subject: null } } }] } }, { data: { do: [{ one: { call: note, with: { value: 1 } } }] } }, { qa: { do: [{ two: { call: note, with: { value: 2 } } }] } }]`,
  ),
};

let server: TestServer;
const as = (actor: string): Record<string, string> => ({ 'x-test-actor': actor });
const startOne = async (workflow: string, body: object = {}): Promise<string> => {
  const answer = await server.post(`/api/v1/workflows/${workflow}/start`, { project_id: 'p-1', ...body }, as('admin'));
  return executionIn(answer, 201).execution_id;
};
const inbox = async (actor: string, query = ''): Promise<InboxEntry[]> =>
  inboxSchema.parse((await server.get(`/api/v1/inbox${query}`, as(actor))).body).entries;
const titles = async (actor: string, query = ''): Promise<string[]> => (await inbox(actor, query)).map(({ title }) => title);
const decide = async (taskId: string, accepted: boolean): Promise<number> =>
  (await server.post(`/api/v1/tasks/${taskId}/answer`, { accepted, comment: 'so' }, as('admin'))).status;

before(async () => {
  server = await openServer({ principalOf: testPrincipal, definitions: WORKFLOWS });
  await server.authorization.grants.put({ project_id: 'p-1', user_id: 'stranger', role: 'none', granted_by: 'test' });
  const paused = await startOne('simple', { priority: 9 });
  await untilStatus(server, paused, 'waiting_acceptance', as('admin'));
  await server.post(`/api/v1/executions/${paused}/pause`, undefined, as('admin'));
  for (const workflow of ['simple', 'timed', 'personal', 'ruled'])
    await untilStatus(server, await startOne(workflow), 'waiting_acceptance', as('admin'));
  const above = await startOne('above');
  while ((await inbox('admin')).every(({ holds_up: { executions } }) => executions < 2))
    executionIn(await server.get(`/api/v1/executions/${above}`, as('admin')));
  await untilStatus(server, await startOne('ruled', { priority: 8 }), 'waiting_acceptance', as('admin'));
  const made = await server.post(
    '/api/v1/runs',
    { profile: 'gated', intake: 'x', project_id: 'p-1', project_name: 'Gates' },
    as('admin'),
  );
  const { run_id: run } = made.body as { run_id: string };
  await server.post(`/api/v1/runs/${run}/next`, undefined, as('admin'));
});
after(() => server[Symbol.asyncDispose]());

describe('GET /api/v1/inbox', () => {
  it('has what waits for the caller, or their role, and nothing else', async () => {
    assert.equal((await titles('operator')).includes('personal?'), true);
    assert.equal((await titles('operator')).includes('ruled?'), false);
    assert.equal((await titles('admin')).includes('personal?'), false);
    assert.equal((await titles('admin')).filter((title) => title === 'ruled?').length, 2);
    assert.deepEqual(await titles('viewer'), []);
    assert.deepEqual(await titles('stranger', '?for=anybody'), []);
    const seen = await inbox('viewer', '?for=anybody');
    assert.equal(seen.length, 8);
    assert.equal(
      seen.some(({ is_for_me: isMine }) => isMine),
      false,
    );
  });

  it('is ordered by what waits for the answers: priority, how much, deadline, age; what is paused comes last', async () => {
    const entries = await inbox('admin', '?for=anybody');
    assert.deepEqual(
      entries.map(({ title, holds_up: { executions, phases, priority, is_paused: isPaused } }) =>
        [title, executions, phases.length, priority, isPaused].join(' '),
      ),
      [
        'ruled? 1 0 8 false',
        'gated? 1 2 5 false',
        'simple? 2 0 5 false',
        'timed? 1 0 5 false',
        'simple? 1 0 5 false',
        'personal? 1 0 5 false',
        'ruled? 1 0 5 false',
        'simple? 1 0 9 true',
      ],
    );
    const gated = entries[1];
    assert.deepEqual([gated?.run?.project_name, gated?.holds_up.phases], ['Gates', ['data', 'qa']]);
    assert.equal(entries[3]?.expires_at === null, false);
  });

  it('comes page by page', async () => {
    const all = (await inbox('admin')).map(({ task_id }) => task_id);
    const first = inboxSchema.parse((await server.get('/api/v1/inbox?limit=3', as('admin'))).body);
    assert.equal(first.total, all.length);
    const rest = await inbox('admin', `?limit=100&cursor=${first.next_cursor}`);
    assert.deepEqual(
      [...first.entries, ...rest].map(({ task_id }) => task_id),
      all,
    );
    assert.deepEqual(pointersIn(errorIn(await server.get('/api/v1/inbox?cursor=x', as('admin')), 'VALIDATION_ERROR')), [
      '/querystring/cursor',
    ]);
  });
});

describe('GET /api/v1/inbox/count', () => {
  it('is how many entries the inbox has for whoever asks', async () => {
    for (const actor of ['admin', 'operator', 'viewer', 'stranger'])
      for (const query of ['', '?for=anybody']) {
        const { body } = await server.get(`/api/v1/inbox/count${query}`, as(actor));
        assert.equal(inboxCountSchema.parse(body).count, (await inbox(actor, query)).length, `${actor} ${query}`);
      }
    assert.equal((await inbox('admin')).length > 0, true);
    errorIn(await server.get('/api/v1/inbox/count?for=you', as('admin')), 'VALIDATION_ERROR');
  });
});

describe('GET /api/v1/tasks/{task_id}/context', () => {
  it('says where one question comes from, and hides it from whoever must not see it', async () => {
    const [, gated] = await inbox('admin');
    const path = `/api/v1/tasks/${gated?.task_id}/context`;
    const context = humanTaskContextSchema.parse((await server.get(path, as('admin'))).body);
    assert.deepEqual([context.project_id, context.run, context.is_for_me], ['p-1', gated?.run, true]);
    errorIn(await server.get(path, as('stranger')), 'TASK_NOT_FOUND');
    errorIn(await server.get('/api/v1/tasks/task_none/context', as('admin')), 'TASK_NOT_FOUND');
  });
});

describe('GET /api/v1/tasks?sort=-answered_at', () => {
  it('has the decisions, the newest first, whenever they were asked', async () => {
    const open = await inbox('admin');
    const wanted = [
      open.find(({ title }) => title === 'timed?'),
      open.find(({ title }) => title === 'gated?'),
      open.find(({ title, holds_up: held }) => title === 'simple?' && held.executions === 1 && !held.is_paused),
    ];
    for (const [at, entry] of wanted.entries()) assert.equal(await decide(entry?.task_id ?? '', at !== 1), 200);
    const first = humanTaskListSchema.parse((await server.get('/api/v1/tasks?sort=-answered_at&limit=2', as('viewer'))).body);
    const second = humanTaskListSchema.parse(
      (await server.get(`/api/v1/tasks?sort=-answered_at&limit=2&cursor=${first.next_cursor}`, as('viewer'))).body,
    );
    const decided = [...first.tasks, ...second.tasks];
    assert.deepEqual(new Set(decided.map(({ task_id }) => task_id)), new Set(wanted.map((entry) => entry?.task_id)));
    const times = decided.map(({ answered_at: at }) => Date.parse(at ?? ''));
    assert.ok(times.every((time, at) => at === 0 || time <= (times[at - 1] ?? 0)));
    assert.deepEqual([first.tasks.length, second.tasks.length, second.next_cursor], [2, 1, null]);
    const hidden = await server.get('/api/v1/tasks?sort=-answered_at', as('stranger'));
    assert.deepEqual(humanTaskListSchema.parse(hidden.body).tasks, []);
  });
});
