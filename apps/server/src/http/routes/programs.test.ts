import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Edge, createEdge, noJail } from '@loopwright/edge';
import {
  dailyAnalyticsSchema,
  executeResponseSchema,
  isoTime,
  programListSchema,
  programSummarySchema,
  rangeAnalyticsSchema,
  programVersionsSchema,
  promotionListSchema,
  systemClock,
  systemRandom,
} from '@loopwright/protocol';
import { type TestServer, errorIn, openServer, pointersIn } from '../app-fixture.ts';

const SOURCE = (mark: string): string => `
export function run({ text }: { text: string }): string {
  if (text === 'fail') throw new Error('no such word');
  return ${JSON.stringify(mark)} + text;
}`;
const INPUT_SCHEMA = { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] };

let server: TestServer;
let edge: Edge;
let edgeUrl = '';
before(async () => {
  server = await openServer({ edgeUrl: () => edgeUrl });
  const { programs, dir } = server;
  for (const mark of ['a', 'b'])
    await programs.store('echo', { id: mark, source: SOURCE(mark), metadata: { input_schema: INPUT_SCHEMA } });
  await programs.setActive('echo', 1, { expected: null, record: { id: 'p1', approvers: ['ann'] } });
  await programs.setActive('echo', 2, { expected: 1, record: { id: 'p2', approvers: ['bob'] } });
  await programs.store('idle', { id: 'i', source: SOURCE('i') });
  const parts = { clock: systemClock, random: systemRandom };
  edge = await createEdge({ dataDir: join(dir, 'edge'), sandbox: { jail: noJail, workers: 1, timeoutMs: 500 }, ...parts });
  edgeUrl = await edge.app.listen({ host: '127.0.0.1', port: 0 });
});
after(async () => {
  await edge.close();
  await server[Symbol.asyncDispose]();
});

const PATH = '/api/v1/programs';

describe('GET /api/v1/programs', () => {
  it('lists every program with its versions and which one is active', async () => {
    const expected = [
      { name: 'echo', project_id: 'default', active_version: 2, versions: [1, 2], edge_url: edgeUrl },
      { name: 'idle', project_id: 'default', active_version: null, versions: [1], edge_url: edgeUrl },
    ];
    assert.deepEqual(programListSchema.parse((await server.get(PATH)).body), { programs: expected, total: 2, next_cursor: null });
    assert.deepEqual(programSummarySchema.parse((await server.get(`${PATH}/echo`)).body), expected[0]);
    const found = programListSchema.parse((await server.get(`${PATH}?q=DL`)).body);
    assert.deepEqual([found.programs.map(({ name }) => name), found.total], [['idle'], 1]);
  });

  it('leaves out the folder of a program that never got a version', async () => {
    await mkdir(join(server.dir, 'edge/artifacts/unfinished'));
    const { body, status } = await server.get(PATH);
    assert.equal(status, 200);
    assert.equal(programListSchema.parse(body).total, 2);
    errorIn(await server.get(`${PATH}/unfinished`), 'PROGRAM_NOT_FOUND');
  });

  it('is an empty list without programs', async () => {
    await using bare = await openServer();
    assert.deepEqual((await bare.get(PATH)).body, { programs: [], total: 0, next_cursor: null });
  });
});

describe('/api/v1/programs/{name}/{executions,analytics}/export and …/executions/query', () => {
  it('hands on the file of the edge as it comes, to whoever may read inputs', async () => {
    for (const text of ['=1+1', 'x']) await server.post(`${PATH}/echo/execute`, { input: { text } });
    const response = await fetch(`${server.url}${PATH}/echo/executions/export`);
    const { headers } = response;
    assert.deepEqual(
      ['content-type', 'content-disposition', 'cache-control', 'x-content-type-options'].map((name) => headers.get(name)),
      ['text/csv; charset=utf-8; header=present', 'attachment; filename="echo-executions.csv"', 'no-store', 'nosniff'],
    );
    const lines = (await response.text()).split('\r\n');
    assert.match(lines[0] ?? '', /^executed_at,status,/u);
    assert.ok(lines.some((line) => line.includes('"{""text"":""=1+1""}"')));
    const figures = await fetch(`${server.url}${PATH}/echo/analytics/export?from=2026-01-01`);
    assert.equal(figures.headers.get('content-disposition'), 'attachment; filename="echo-analytics-from-2026-01-01.csv"');
    assert.match(await figures.text(), /^date,total_executions,/u);
    const head = await fetch(`${server.url}${PATH}/echo/executions/export`, { method: 'HEAD' });
    assert.deepEqual([head.status, head.headers.get('content-type')], [200, headers.get('content-type')]);
  });

  it('answers SQL over what was recorded', async () => {
    const sql = `SELECT count(*) > 0 AS found FROM executions WHERE input_data->>'text' = '=1+1'`;
    const answer = await server.post(`${PATH}/echo/executions/query`, { sql });
    if (answer.status === 503) errorIn(answer, 'SERVICE_UNAVAILABLE');
    else assert.deepEqual(answer.body, { rows: [{ found: true }], truncated: false });
    errorIn(await server.post(`${PATH}/echo/executions/query`, { sql: '', more: 1 }), 'VALIDATION_ERROR');
    errorIn(await server.post(`${PATH}/nobody/executions/query`, { sql }), 'PROGRAM_NOT_FOUND');
  });

  it('says what is missing or wrong', async () => {
    errorIn(await server.get(`${PATH}/nobody/executions/export`), 'PROGRAM_NOT_FOUND');
    for (const query of ['format=xls', 'from=2026-13-01', 'from=2026-03-07&to=2026-03-06'])
      errorIn(await server.get(`${PATH}/echo/analytics/export?${query}`), 'VALIDATION_ERROR');
    const url = edgeUrl;
    edgeUrl = 'http://127.0.0.1:9';
    errorIn(await server.get(`${PATH}/echo/executions/export`), 'SERVICE_UNAVAILABLE');
    edgeUrl = url;
  });
});

describe('GET /api/v1/programs/{name}/versions and /promotions', () => {
  it('give every version, the oldest first', async () => {
    const { versions, total } = programVersionsSchema.parse((await server.get(`${PATH}/echo/versions`)).body);
    assert.equal(total, 2);
    assert.deepEqual(
      versions.map(({ version, id }) => [version, id]),
      [
        [1, 'a'],
        [2, 'b'],
      ],
    );
    assert.equal(versions[1]?.digest, (await server.programs.loadMetadata('echo', 2)).digest);
    assert.deepEqual(versions[0]?.input_schema, INPUT_SCHEMA);
  });

  it('give every move of the active version with its reasons', async () => {
    const { promotions, total } = promotionListSchema.parse((await server.get(`${PATH}/echo/promotions`)).body);
    assert.equal(total, 2);
    assert.deepEqual(
      promotions.map(({ id, from, to, approvers }) => ({ id, from, to, approvers })),
      [
        { id: 'p1', from: null, to: 1, approvers: ['ann'] },
        { id: 'p2', from: 1, to: 2, approvers: ['bob'] },
      ],
    );
    assert.deepEqual((await server.get(`${PATH}/idle/promotions`)).body, { promotions: [], total: 0, next_cursor: null });
  });
});

describe('POST /api/v1/programs/{name}/execute', () => {
  it('runs the active version and names it', async () => {
    const { status, headers, body } = await server.post(`${PATH}/echo/execute`, { input: { text: 'hello' } });
    assert.equal(status, 200);
    assert.equal(executeResponseSchema.parse(body).output, 'bhello');
    assert.equal(headers.get('x-program-version'), '2');
    assert.equal(headers.get('x-program-digest'), (await server.programs.loadMetadata('echo', 2)).digest);
    assert.match(headers.get('x-execution-id') ?? '', /./);
  });

  it('says when there is no such program or no active version', async () => {
    errorIn(await server.post(`${PATH}/nobody/execute`, { input: 1 }), 'PROGRAM_NOT_FOUND');
    assert.equal(errorIn(await server.post(`${PATH}/idle/execute`, { input: { text: 'x' } }), 'NO_ACTIVE_VERSION').status, 409);
  });

  it('refuses input that does not fit, and says when the program failed', async () => {
    const wrong = errorIn(await server.post(`${PATH}/echo/execute`, { input: { text: 5 } }), 'VALIDATION_ERROR');
    assert.deepEqual(pointersIn(wrong), ['/input/text']);
    assert.deepEqual(pointersIn(errorIn(await server.post(`${PATH}/echo/execute`, {}), 'VALIDATION_ERROR')), ['/body/input']);
    assert.equal(errorIn(await server.post(`${PATH}/echo/execute`, { input: { text: 'fail' } }), 'PROGRAM_FAILED').status, 422);
  });
});

describe('GET /api/v1/programs/{name}/analytics', () => {
  it('gives the figures of a day', async () => {
    await server.post(`${PATH}/echo/execute`, { input: { text: 'counted' } });
    const { status, body } = await server.get(`${PATH}/echo/analytics`);
    assert.equal(status, 200);
    const today = dailyAnalyticsSchema.parse(body);
    assert.ok(today.successful_executions >= 1);
    const date = isoTime(systemClock.now()).slice(0, 10);
    assert.deepEqual((await server.get(`${PATH}/echo/analytics?date=${date}`)).status, 200);
    const exact = dailyAnalyticsSchema.parse((await server.get(`${PATH}/echo/analytics?exact=true`)).body);
    const { p50_latency_ms: p50, p99_latency_ms: p99, ...counts } = dailyAnalyticsSchema.parse(body);
    assert.partialDeepStrictEqual(exact, counts);
    for (const [sketched, found] of [
      [p50, exact.p50_latency_ms],
      [p99, exact.p99_latency_ms],
    ] as const)
      assert.ok(Math.abs(sketched - found) <= 0.0051 * found, `${sketched} of ${found}`);
    const old = dailyAnalyticsSchema.parse((await server.get(`${PATH}/echo/analytics?date=2020-01-31`)).body);
    assert.equal(old.total_executions, 0);
  });

  it('gives the figures of some days together, by day and by version', async () => {
    const date = isoTime(systemClock.now()).slice(0, 10);
    const { body } = await server.get(`${PATH}/echo/analytics/range?from=2026-01-01`);
    const range = rangeAnalyticsSchema.parse(body);
    assert.deepEqual([range.from, range.to, range.days.map((day) => day.date)], ['2026-01-01', date, [date]]);
    assert.ok((range.by_version['2']?.total_executions ?? 0) >= 1);
    const earlier = await server.get(`${PATH}/echo/analytics/range?from=2026-01-01&to=2026-01-31`);
    assert.equal(rangeAnalyticsSchema.parse(earlier.body).total.total_executions, 0);
    for (const query of ['', '?from=2026-02-02&to=2026-02-01', '?from=2024-01-01&to=2026-02-01', '?from=2026-02-30'])
      errorIn(await server.get(`${PATH}/echo/analytics/range${query}`), 'VALIDATION_ERROR');
  });

  it('refuses a day that is none', async () => {
    const error = errorIn(await server.get(`${PATH}/echo/analytics?date=2026-02-30`), 'VALIDATION_ERROR');
    assert.deepEqual(pointersIn(error), ['/querystring/date']);
  });
});

describe('a program that is not known', () => {
  it('is 404 on every route, and a name that is none is 400', async () => {
    for (const rest of ['', '/versions', '/promotions', '/analytics', '/analytics/range?from=2026-01-01']) {
      assert.equal(errorIn(await server.get(`${PATH}/nobody${rest}`), 'PROGRAM_NOT_FOUND').status, 404);
      for (const name of ['Echo', '..%2Fecho', 'x'.repeat(64)]) {
        assert.deepEqual(pointersIn(errorIn(await server.get(`${PATH}/${name}${rest}`), 'VALIDATION_ERROR')), ['/params/name']);
      }
    }
  });
});

describe('an edge that is away', () => {
  it('is 503 where it is needed, and nowhere else', async () => {
    await using own = await openServer();
    await own.programs.store('echo', { id: 'a', source: SOURCE('a') });
    const summary = programSummarySchema.parse((await own.get(`${PATH}/echo`)).body);
    assert.equal(summary.edge_url, null);
    assert.equal((await own.get(`${PATH}/echo/versions`)).status, 200);
    const error = errorIn(await own.post(`${PATH}/echo/execute`, { input: 1 }), 'SERVICE_UNAVAILABLE');
    assert.deepEqual([error.status, error.retryable], [503, true]);
    errorIn(await own.get(`${PATH}/echo/analytics`), 'SERVICE_UNAVAILABLE');
  });

  it('is 503 too when nobody listens at its address', async () => {
    await using own = await openServer({ edgeUrl: () => 'http://127.0.0.1:1' });
    await own.programs.store('echo', { id: 'a', source: SOURCE('a') });
    errorIn(await own.post(`${PATH}/echo/execute`, { input: 1 }), 'SERVICE_UNAVAILABLE');
  });
});

describe('/api/v1/programs/{name}/aliases/active', () => {
  const ALIAS = `${PATH}/echo/aliases/active`;
  const put = async (version: number, headers: Record<string, string>): Promise<Response> =>
    fetch(server.url + ALIAS, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ version, comment: 'by hand' }),
    });

  it('is moved only by who has seen where it points, once, and what the edge serves follows', async () => {
    const seen = await server.get(ALIAS);
    const etag = seen.headers.get('etag') ?? '';
    assert.match(etag, /^"2-\d+"$/);
    assert.equal((await put(1, {})).status, 428);
    assert.equal((await put(1, { 'if-match': '"1-0"' })).status, 412);
    assert.equal((await put(7, { 'if-match': etag })).status, 404);
    const both = await Promise.all([put(1, { 'if-match': etag }), put(1, { 'if-match': etag })]);
    assert.equal(both.filter(({ status }) => status < 300).length, 1);
    assert.ok(both.every(({ status }) => [200, 409, 412].includes(status)));
    const { body } = await server.post(`${PATH}/echo/execute`, { input: { text: 'x' } });
    assert.deepEqual(executeResponseSchema.parse(body).output, 'ax');
    assert.equal((await put(2, { 'if-match': etag })).status, 412);
    const { promotions } = promotionListSchema.parse((await server.get(`${PATH}/echo/promotions`)).body);
    assert.partialDeepStrictEqual(promotions.at(-1), { from: 2, to: 1, evidence: { moved_by: 'developer', comment: 'by hand' } });
    const now = (await server.get(ALIAS)).headers.get('etag') ?? '';
    assert.notEqual(now, etag);
    assert.equal((await put(2, { 'if-match': `"x", ${now}` })).status, 200);
    assert.equal((await server.get(ALIAS, { 'if-none-match': now })).status, 200);
  });
});
