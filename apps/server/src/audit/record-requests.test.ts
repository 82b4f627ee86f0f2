import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after as afterAll, before as beforeAll, describe, it } from 'node:test';
import { auditListSchema, type AuditEntry } from '@loopwright/protocol';
import { type TestServer, errorIn, executionIn, openServer, startDecision, startReview, taskOf } from '../http/app-fixture.ts';
import { keyFor } from '../http/identity-fixture.ts';
import { z } from 'zod';
import type { AuditFacts } from './audit-log.ts';
import { ALL_LIMIT, DAY_LIMIT, EACH_LIMIT, Refusals, WINDOW_MS } from './refusals.ts';
import { RECORDED_CHARACTERS, recordable } from './recordable.ts';

let server: TestServer;
beforeAll(async () => {
  server = await openServer();
});
afterAll(() => server[Symbol.asyncDispose]());

async function entries(query: string): Promise<AuditEntry[]> {
  return auditListSchema.parse((await server.get(`/api/v1/audit?${query}`)).body).entries;
}

describe('recordRequests', () => {
  it('says of a decision who made it, what they saw, and what it changed', async () => {
    const { execution_id: id, pending_acceptance: asked } = await startDecision(server);
    const task = await taskOf(server, asked?.task_id ?? '');
    const body = { accepted: false, comment: 'No', subject_digest: task.subject_digest };
    const headers = { 'x-user-id': 'ann', 'user-agent': 'a browser' };
    const answered = await server.post(`/api/v1/tasks/${task.task_id}/answer`, body, headers);
    assert.equal(answered.status, 200);
    const [outcome, intent, ...rest] = await entries(`object_kind=task&object_id=${task.task_id}`);
    assert.deepEqual(rest, []);
    const before = { state: 'open', answered_by: null, subject_digest: task.subject_digest };
    const common = {
      user_id: 'ann',
      method: 'development',
      address: '127.0.0.1',
      user_agent: 'a browser',
      request_id: answered.headers.get('x-request-id'),
      operation: 'POST /api/v1/tasks/{task_id}/answer',
      project_id: 'p-1',
      seen_digest: task.subject_digest,
      before,
    };
    assert.partialDeepStrictEqual(intent, { ...common, kind: 'intent', status: null, after: null });
    const state = { ...before, state: 'answered', answered_by: 'ann' };
    const said = { accepted: false, comment: 'No' };
    assert.partialDeepStrictEqual(outcome, {
      ...common,
      kind: 'outcome',
      status: 200,
      intent_seq: intent?.seq,
      after: { state, said },
    });
    assert.match(outcome?.body_digest ?? '', /^[0-9a-f]{64}$/);
    assert.equal((await entries(`object_id=${id}`)).length, 2, 'the clarification before it');
  });

  it('names what a start made, a refusal by its code, and an answer that was given again', async () => {
    const headers = { 'x-user-id': 'starter', 'idempotency-key': crypto.randomUUID() };
    const path = '/api/v1/workflows/plain/start';
    const started = executionIn(await server.post(path, { project_id: 'p-9' }, headers), 201);
    await server.post(path, { project_id: 'p-9' }, headers);
    assert.equal((await server.post('/api/v1/workflows/nothing/start', { project_id: 'p-9' }, headers)).status, 404);
    const outcomes = await entries('user_id=starter&kind=outcome&project_id=p-9');
    const said = { execution_id: started.execution_id, workflow_id: 'plain' };
    assert.deepEqual(
      outcomes.map(({ status, after }) => [status, after]),
      [
        [404, { error_code: 'WORKFLOW_NOT_FOUND' }],
        [201, { said, replayed: true }],
        [201, { said }],
      ],
    );
  });

  it('writes nothing for what changes nothing', async () => {
    const count = (await entries('limit=500')).length;
    await server.get('/api/v1/executions');
    await server.post('/api/v1/programs/nobody/execute', { input: 1 });
    await server.post('/api/v1/executions/nobody/cancel');
    await server.post('/api/v1/executions/nobody/acceptance', 5);
    assert.equal((await entries('limit=500')).length, count);
  });

  it('makes no change that it cannot record, and says of one that it could not complete that it was made', async () => {
    const { execution_id: id } = await startReview(server);
    const raw = new DatabaseSync(join(server.dir, 'server.db'));
    const refuse = (kind: string): void =>
      raw.exec(`CREATE TRIGGER refuse BEFORE INSERT ON audit WHEN NEW.kind = '${kind}' BEGIN SELECT RAISE(ABORT, 'no'); END`);
    refuse('intent');
    const first = errorIn(await server.post(`/api/v1/executions/${id}/pause`), 'AUDIT_FAILED');
    assert.deepEqual([first.status, first.details], [503, { change: 'not made' }]);
    assert.equal(executionIn(await server.get(`/api/v1/executions/${id}`)).status, 'waiting_clarification');
    raw.exec('DROP TRIGGER refuse');
    refuse('outcome');
    const headers = { 'idempotency-key': crypto.randomUUID() };
    const second = errorIn(await server.post(`/api/v1/executions/${id}/pause`, undefined, headers), 'AUDIT_FAILED');
    assert.deepEqual([second.status, second.details], [503, { change: 'made' }]);
    assert.equal(executionIn(await server.get(`/api/v1/executions/${id}`)).status, 'paused');
    raw.exec('DROP TRIGGER refuse');
    raw.close();
    const again = await server.post(`/api/v1/executions/${id}/pause`, undefined, headers);
    assert.equal(again.status, 409, 'the answer that was not acknowledged was not kept either');
    const [, , intent] = await entries(`object_id=${id}`);
    assert.equal(intent?.kind, 'intent');
    assert.equal(await server.audit.closeCutOff(), 1);
    const [closed] = await entries(`object_id=${id}`);
    assert.deepEqual([closed?.intent_seq, closed?.status], [intent?.seq, null]);
  });

  it('records refused requests, and counts those of a flood', async () => {
    for (let index = 0; index < EACH_LIMIT + 5; index += 1)
      assert.equal((await server.get('/api/v1/executions', { 'x-user-id': 'no name' })).status, 401);
    const refused = await entries('kind=refused&limit=500');
    assert.equal(refused.length, EACH_LIMIT);
    assert.partialDeepStrictEqual(refused[0], {
      user_id: null,
      status: 401,
      operation: 'GET /api/v1/executions',
      after: { error_code: 'UNAUTHORIZED' },
    });
  });
});

describe('a sign-in that fails', () => {
  it('is recorded with what was tried, and a flood of bad keys only counted', async () => {
    await using own = await openServer({ identity: { identity: 'configured' } });
    const ann = await keyFor(own.identity, 'ann', 'operator');
    const wrongKey = `${ann.key.slice(0, -3)}xyz`;
    const header = Buffer.from('{"alg":"none"}').toString('base64url');
    const tries: [string, Record<string, string>, object][] = [
      ['a wrong secret of a key', { authorization: `Bearer ${wrongKey}` }, { method: 'api_key', credential_id: ann.id }],
      ['no key at all', { authorization: 'Bearer lw_x' }, { method: 'api_key', credential_id: null }],
      ['a token of nobody', { authorization: `Bearer ${header}.e30.` }, { method: 'jwt', credential_id: null }],
      ['a session that is none', { cookie: `loopwright_session=${'a'.repeat(43)}` }, { method: 'session', credential_id: null }],
      ['nothing', {}, { method: null, credential_id: null }],
    ];
    const written = async () =>
      own.database.selectFrom('audit').selectAll().where('kind', '=', 'refused').orderBy('seq').execute();
    for (const [name, headers, expected] of tries) {
      const { status } = await own.get('/api/v1/executions', { ...headers, 'user-agent': name });
      assert.equal(status, 401, name);
      const entry = (await written()).at(-1);
      const facts = { user_id: null, user_agent: name, address: '127.0.0.1', operation: 'GET /api/v1/executions', status: 401 };
      assert.partialDeepStrictEqual(entry, { ...facts, ...expected });
      const after = JSON.parse(entry?.after ?? '');
      assert.equal(after.error_code, 'UNAUTHORIZED');
      assert.equal(typeof after.reason, name === 'nothing' ? 'undefined' : 'string', name);
    }
    await Promise.all(
      Array.from({ length: 300 }, (_, index) =>
        own.app.inject({ url: '/api/v1/me', headers: { host: 'x', authorization: `Bearer lw_${index}` } }),
      ),
    );
    assert.equal((await written()).length, EACH_LIMIT);
    assert.ok(!JSON.stringify(await written()).includes(wrongKey.slice(12)));
    // Somebody who is known is counted apart.
    const viewer = await keyFor(own.identity, 'eve', 'viewer');
    assert.equal((await own.post('/api/v1/workflows/plain/start', { project_id: 'p' }, viewer.headers)).status, 403);
    assert.partialDeepStrictEqual((await written()).at(-1), {
      user_id: 'eve',
      method: 'api_key',
      credential_id: viewer.id,
      status: 403,
    });
    await own.app.close();
    const [summary] = await own.database.selectFrom('audit').selectAll().where('kind', '=', 'refusals').execute();
    assert.partialDeepStrictEqual(JSON.parse(summary?.after ?? ''), {
      count: tries.length + 300 - EACH_LIMIT,
      addresses: [{ address: '127.0.0.1', count: tries.length + 300 - EACH_LIMIT }],
    });
  });
});

describe('Refusals', () => {
  const opened = () => {
    let now = 1_000_000;
    const refusals = new Refusals({ now: () => now, schedule: () => () => undefined });
    return { refusals, pass: (ms: number) => (now += ms), now: () => now };
  };
  const stranger = (address: string) => ({ userId: null, address });
  const countIn = (facts: AuditFacts | undefined) =>
    z
      .looseObject({ count: z.int(), addresses: z.array(z.object({ address: z.string(), count: z.int() })) })
      .parse(JSON.parse(facts?.after ?? ''));

  it('writes so many of an address and in all, and tells how many it left out and from where', () => {
    const { refusals, pass, now } = opened();
    assert.equal(refusals.due(), undefined);
    const written = Array.from({ length: 50 }, () => refusals.admit(stranger('192.0.2.1'))).filter(Boolean).length;
    assert.deepEqual([written, refusals.admit(stranger('192.0.2.2'))], [EACH_LIMIT, true]);
    const others = Array.from({ length: 1000 }, (_, index) => refusals.admit(stranger(`10.0.${index % 250}.${index >> 8}`)));
    assert.equal(others.filter(Boolean).length, ALL_LIMIT - EACH_LIMIT - 1);
    assert.equal(refusals.due(), undefined);
    pass(WINDOW_MS);
    const summary = countIn(refusals.due());
    assert.partialDeepStrictEqual(summary, { count: 30 + 1000 - (ALL_LIMIT - EACH_LIMIT - 1), since: 1_000_000, until: now() });
    assert.deepEqual([summary.addresses.length, summary.addresses[0]], [20, { address: '192.0.2.1', count: 30 }]);
    assert.deepEqual([refusals.admit(stranger('192.0.2.1')), refusals.rest()], [true, undefined]);
  });

  it('takes a network of IPv6 for one address, and does not let strangers hide what a person was refused', () => {
    const { refusals } = opened();
    const flood = Array.from({ length: 5000 }, (_, index) => refusals.admit(stranger(`2001:db8::${index.toString(16)}`)));
    assert.equal(flood.filter(Boolean).length, EACH_LIMIT);
    for (let index = 0; index < 500; index += 1) refusals.admit(stranger(`10.1.${index >> 8}.${index & 255}`));
    assert.equal(refusals.admit({ userId: 'ann', address: '10.1.0.1' }), true);
  });

  it('fills no disk: a day of a flood from everywhere has a bounded number of entries', () => {
    const { refusals, pass } = opened();
    let written = 0;
    for (let minute = 0; minute < 24 * 60; minute += 1) {
      for (let index = 0; index < 300; index += 1) {
        if (refusals.admit(stranger(`10.${index & 3}.${minute >> 8}.${index >> 2}`))) written += 1;
        if (refusals.admit({ userId: `u-${index}`, address: '192.0.2.9' })) written += 1;
      }
      pass(WINDOW_MS);
      if (refusals.due() !== undefined) written += 1;
    }
    assert.equal(written, 2 * DAY_LIMIT + 24 * 60);
    pass(24 * 60 * 60_000);
    refusals.due();
    assert.equal(refusals.admit(stranger('192.0.2.1')), true);
  });
});

describe('recordable', () => {
  it('keeps no secret by its name and nothing that is large', () => {
    const value = { api_key: 'lw_1', nested: [{ client_secret: 's', Authorization: 'Bearer x', kept: 1 }] };
    assert.equal(
      recordable(value),
      '{"api_key":"[redacted]","nested":[{"client_secret":"[redacted]","Authorization":"[redacted]","kept":1}]}',
    );
    assert.equal(recordable(null), null);
    const large = JSON.parse(recordable('x'.repeat(RECORDED_CHARACTERS)) ?? '');
    assert.deepEqual(Object.keys(large), ['digest', 'characters']);
    assert.equal(recordable('x'.repeat(RECORDED_CHARACTERS - 2))?.length, RECORDED_CHARACTERS);
  });
});
