import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type AuditEntry, auditListSchema, auditVerificationSchema, isoTime, systemClock } from '@loopwright/protocol';
import { testPrincipal } from '../../authorization/walk-fixture.ts';
import { type TestServer, errorIn, executionIn, openServer, untilStatus } from '../app-fixture.ts';

let server: TestServer;
before(async () => {
  server = await openServer({ principalOf: testPrincipal });
  for (const project_id of ['p-1', 'p-2', 'p-1'])
    executionIn(await server.post('/api/v1/workflows/plain/start', { project_id }, as('operator')), 201);
  await server.send('PUT', '/api/v1/projects/p-1/grants/guest', { role: 'none' }, as('admin'));
  await server.send('PATCH', '/api/v1/users/nobody', { role: 'viewer' }, as('admin'));
});
after(() => server[Symbol.asyncDispose]());

const as = (actor: string): Record<string, string> => ({ 'x-test-actor': actor });
async function page(query: string, actor = 'admin'): Promise<{ entries: AuditEntry[]; next: string | null }> {
  const { entries, next_cursor: next } = auditListSchema.parse((await server.get(`/api/v1/audit?${query}`, as(actor))).body);
  return { entries, next };
}

describe('GET /api/v1/audit', () => {
  it('filters by who, what, where and when', async () => {
    const count = async (query: string): Promise<number> => (await page(query)).entries.length;
    assert.equal(await count('user_id=operator'), 6);
    assert.equal(await count('user_id=operator&kind=outcome&project_id=p-1'), 2);
    const start = encodeURIComponent('POST /api/v1/workflows/{workflow_id}/start');
    assert.equal(await count(`operation=${start}&kind=intent`), 3);
    const [given] = (await page('object_kind=grant&object_id=p-1/guest&kind=outcome')).entries;
    assert.deepEqual([given?.before, given?.after], [null, { state: { role: 'none' }, said: { role: 'none' } }]);
    const soon = encodeURIComponent(isoTime(systemClock.now() + 60_000));
    assert.deepEqual([await count(`from=${soon}`), await count(`before=${soon}`)], [0, 10]);
    errorIn(await server.get('/api/v1/audit?from=yesterday', as('admin')), 'VALIDATION_ERROR');
    errorIn(await server.get('/api/v1/audit?cursor=x', as('admin')), 'VALIDATION_ERROR');
  });

  it('goes on where a page ended, whatever came meanwhile', async () => {
    const seqs: number[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const { entries, next } = await page(`limit=3${cursor === undefined ? '' : `&cursor=${cursor}`}`);
      seqs.push(...entries.map(({ seq }) => seq));
      await server.audit.append({ kind: 'refused', operation: 'GET /', project_id: 'late' });
      cursor = next;
    }
    assert.deepEqual(seqs.slice(-10), [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    assert.equal(new Set(seqs).size, seqs.length);
  });

  it('shows others what concerns the projects that they see, and not from where', async () => {
    const { entries } = await page('limit=500', 'stranger');
    assert.ok(entries.length > 0);
    const all = await page('limit=500', 'viewer');
    assert.ok(
      all.entries.every(({ project_id, address, user_agent }) => project_id !== null && address === null && user_agent === null),
    );
    assert.ok(!all.entries.some(({ object_kind }) => object_kind === 'user'));
    const guest = await page('limit=500', 'guest');
    assert.deepEqual(new Set(guest.entries.map(({ project_id }) => project_id)), new Set(['late', 'p-2']));
    assert.deepEqual((await page('project_id=p-1', 'guest')).entries, []);
  });
});

describe('GET /api/v1/audit?about=', () => {
  it('has that an object was made, by whatever request, and what was done to it, for those who see its project', async () => {
    const answer = await server.post('/api/v1/workflows/plain/start', { project_id: 'p-1' }, as('operator'));
    const { execution_id: id } = executionIn(answer, 201);
    await untilStatus(server, id, 'completed', as('operator'));
    executionIn(await server.post(`/api/v1/executions/${id}/restart`, {}, as('operator')), 201);
    const operations = async (actor: string): Promise<string[]> =>
      (await page(`about=${id}`, actor)).entries.map(({ operation, kind }) => `${kind} ${operation.split('/').at(-1)}`);
    assert.deepEqual(await operations('admin'), ['outcome restart', 'intent restart', 'outcome start']);
    assert.deepEqual(await operations('guest'), []);
    assert.deepEqual((await page("about=' OR 1=1 --")).entries, []);
    assert.equal((await page(`about=${id}&limit=1`)).entries.length, 1);
    assert.deepEqual(
      (await page(`about=${id}&kind=outcome&limit=5`)).entries.map(({ status }) => status),
      [201, 201],
    );
  });
});

describe('GET /api/v1/audit/verify', () => {
  it('says whether the log is whole', async () => {
    const { body } = await server.get('/api/v1/audit/verify', as('admin'));
    const { valid, checked, head_digest } = auditVerificationSchema.parse(body);
    assert.deepEqual([valid, head_digest], [true, (await server.audit.head()).digest]);
    assert.ok(checked >= 10);
  });
});
