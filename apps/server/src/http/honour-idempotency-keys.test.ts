import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { type TestServer, errorIn, executionIn, openServer, pointersIn, startReview, until } from './app-fixture.ts';

const pathOf = (id: string, verb: string): string => `/api/v1/executions/${id}/${verb}`;
const eventsOf = (server: TestServer, id: string): string[] => server.engine.read.events(id, 0, 100).map(({ type }) => type);

describe('Idempotency-Key', () => {
  it('gives the same answer to the same request and does nothing a second time, also after a restart', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'loopwright-keys-'));
    const key = { 'idempotency-key': 'pause-1' };
    let id = '';
    let first: unknown;
    {
      await using server = await openServer({ dir });
      ({ execution_id: id } = await startReview(server));
      const answer = await server.post(pathOf(id, 'pause'), undefined, key);
      executionIn(answer);
      first = answer.body;
      assert.equal(answer.headers.get('idempotent-replayed'), null);
      executionIn(await server.post(pathOf(id, 'resume'), undefined, { 'idempotency-key': 'resume-1' }));
    }
    await using server = await openServer({ dir });
    const again = await server.post(pathOf(id, 'pause'), undefined, key);
    assert.deepEqual([again.status, again.body, again.headers.get('idempotent-replayed')], [200, first, 'true']);
    assert.equal(again.headers.get('content-type'), 'application/json; charset=utf-8');
    await until(server, id, ({ status }) => status === 'waiting_clarification');
    assert.equal(eventsOf(server, id).filter((type) => type === 'paused').length, 1);
    await rm(dir, { recursive: true, force: true });
  });

  it('keeps refusals too, and belongs to one user, one path and one body', async () => {
    await using server = await openServer();
    const { execution_id: id } = await startReview(server);
    const key = { 'idempotency-key': 'k' };
    errorIn(await server.post(pathOf(id, 'resume'), undefined, key), 'INVALID_STATE');
    executionIn(await server.post(pathOf(id, 'pause'), undefined, key));
    const again = await server.post(pathOf(id, 'resume'), undefined, key);
    assert.equal(z.object({ error_code: z.string() }).parse(again.body).error_code, 'INVALID_STATE');
    executionIn(await server.post(pathOf(id, 'resume'), undefined, { ...key, 'x-user-id': 'bob' }));
    executionIn(await server.post(pathOf(id, 'cancel'), { reason: 'a' }, key));
    errorIn(await server.post(pathOf(id, 'cancel'), { reason: 'b' }, key), 'IDEMPOTENCY_CONFLICT');
    executionIn(await server.post(pathOf(id, 'cancel'), { reason: 'a' }, key));
    const wrong = await server.post(pathOf(id, 'cancel'), undefined, { 'idempotency-key': 'with space' });
    assert.deepEqual(pointersIn(errorIn(wrong, 'VALIDATION_ERROR')), ['/headers/idempotency-key']);
  });

  it('lets one of many equal requests through', async () => {
    await using server = await openServer();
    const { execution_id: id } = await startReview(server);
    const key = { 'idempotency-key': 'at-once' };
    const answers = await Promise.all(Array.from({ length: 20 }, () => server.post(pathOf(id, 'pause'), undefined, key)));
    for (const { status } of answers) assert.ok(status === 200 || status === 409, String(status));
    assert.ok(answers.some(({ status }) => status === 200));
    assert.equal(eventsOf(server, id).filter((type) => type === 'paused').length, 1);
  });

  it('is offered by every POST', async () => {
    await using server = await openServer();
    const operation = z.looseObject({ parameters: z.array(z.looseObject({ name: z.string() })).default([]) });
    const document = z.looseObject({ paths: z.record(z.string(), z.looseObject({ post: operation.optional() })) });
    const { paths } = document.parse((await server.get('/openapi.json')).body);
    for (const [path, { post }] of Object.entries(paths)) {
      // What logging in and out gives is a cookie of the browser, which is not kept.
      if (post === undefined || path === '/api/v1/examples' || path.startsWith('/auth/')) continue;
      assert.ok(
        post.parameters.some(({ name }) => name === 'idempotency-key'),
        path,
      );
    }
  });
});
