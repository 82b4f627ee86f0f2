import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { systemClock } from '@loopwright/protocol';
import { z } from 'zod';
import { type Answer, type TestServer, errorIn, executionIn, openServer, pointersIn, startReview, until } from './app-fixture.ts';
import { KeptResponses } from './kept-responses.ts';

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

  it('gives the headers of the answer again as well', async () => {
    await using server = await openServer();
    const key = { 'idempotency-key': 'secret' };
    for (const replayed of [null, 'true']) {
      const { headers } = await server.post('/api/v1/api-keys', { name: 'k' }, key);
      assert.deepEqual([headers.get('cache-control'), headers.get('idempotent-replayed')], ['no-store', replayed]);
    }
  });

  it('opens a file of answers that was written before headers were kept', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'loopwright-keys-'));
    const raw = new DatabaseSync(join(dir, 'responses.db'));
    raw.exec(
      `CREATE TABLE responses (key TEXT NOT NULL PRIMARY KEY, request_digest TEXT NOT NULL, status INTEGER NOT NULL, content_type TEXT NOT NULL,
       body TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT; INSERT INTO responses VALUES ('k', 'd', 201, 'text/plain', 'b', 9e15)`,
    );
    raw.close();
    using responses = new KeptResponses({ dir, durability: 'process', clock: systemClock });
    assert.deepEqual(responses.find('k'), { requestDigest: 'd', status: 201, contentType: 'text/plain', headers: {}, body: 'b' });
    await rm(dir, { recursive: true, force: true });
  });
});

describe('Idempotency-Key of an upload', () => {
  const LINES = '{"input":"a","output":"x"}\n{"input":"b","output":"y"}\n';
  const upload = (server: TestServer, body: string, key: string, query = ''): Promise<Answer> =>
    server.post(`/api/v1/examples${query}`, body, { 'content-type': 'application/x-ndjson', 'idempotency-key': key });

  it('stands for the content: the same gets the first answer, also after a restart; other content is refused and not stored', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'loopwright-keys-'));
    const stored = async (): Promise<string[]> => readdir(join(dir, 'examples'));
    let first: Answer;
    {
      await using server = await openServer({ dir });
      first = await upload(server, LINES, 'k');
      assert.deepEqual([first.status, first.headers.get('idempotent-replayed')], [201, null]);
    }
    await using server = await openServer({ dir });
    const again = await upload(server, LINES, 'k');
    assert.deepEqual([again.status, again.body, again.headers.get('idempotent-replayed')], [201, first.body, 'true']);
    const before = await stored();
    errorIn(await upload(server, LINES.replace('"b"', '"c"'), 'k'), 'IDEMPOTENCY_CONFLICT');
    errorIn(await upload(server, `${LINES}{`, 'k'), 'IDEMPOTENCY_CONFLICT');
    errorIn(await upload(server, LINES, 'k', '?project_id=other'), 'IDEMPOTENCY_CONFLICT');
    assert.deepEqual(await stored(), before);
    assert.equal(before.length, 1);
    assert.equal((await upload(server, LINES.replace('"b"', '"c"'), 'k2')).status, 201);
    await rm(dir, { recursive: true, force: true });
  });

  it('is free again after an upload that had no effect, and while one is under way a second one is refused', async () => {
    await using server = await openServer();
    errorIn(await upload(server, `${LINES}{`, 'k'), 'INVALID_EXAMPLES');
    assert.equal((await upload(server, LINES, 'k')).status, 201);
    const begun = Promise.withResolvers<null>();
    const end = Promise.withResolvers<null>();
    const slow = fetch(`${server.url}/api/v1/examples`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson', 'idempotency-key': 'slow' },
      duplex: 'half',
      body: ReadableStream.from(
        (async function* () {
          yield Buffer.from(LINES);
          begun.resolve(null);
          await end.promise;
        })(),
      ),
    });
    await begun.promise;
    await untilUnderWay(server);
    errorIn(await upload(server, LINES, 'slow'), 'CONFLICT');
    end.resolve(null);
    assert.equal((await slow).status, 201);
    assert.equal((await upload(server, LINES, 'slow')).headers.get('idempotent-replayed'), 'true');
  });

  it('is free again after an upload that broke off', async () => {
    await using server = await openServer();
    const leave = new AbortController();
    const cut = fetch(`${server.url}/api/v1/examples`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson', 'idempotency-key': 'cut' },
      duplex: 'half',
      signal: leave.signal,
      body: ReadableStream.from(
        (async function* () {
          yield Buffer.from(LINES);
          await new Promise(() => undefined);
        })(),
      ),
    });
    await untilUnderWay(server);
    leave.abort();
    await assert.rejects(cut, /abort/);
    for (;;) {
      const again = await upload(server, LINES, 'cut');
      if (again.status === 201) break;
      errorIn(again, 'CONFLICT');
    }
  });
});

/** Resolves when an upload has begun to be written. */
async function untilUnderWay({ dir }: TestServer): Promise<void> {
  for (;;) {
    if ((await readdir(join(dir, 'examples'))).some((name) => name.endsWith('.tmp'))) return;
    await new Promise((resolve) => void setImmediate(resolve));
  }
}
