import assert from 'node:assert/strict';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import {
  type Json,
  type JsonObject,
  batchExecuteResponseSchema,
  dailyAnalyticsSchema,
  edgeHealthSchema,
  edgeMetricsSchema,
  errorResponseSchema,
  executionRecordSchema,
  isoTime,
  systemClock,
  systemRandom,
} from '@loopwright/protocol';
import { ProgramStore } from '../store/program-store.ts';
import { type Edge, type EdgeOptions, createEdge } from './create-edge.ts';
import { noJail } from '../sandbox/jail/jail.ts';
import { openJail } from '../sandbox/jail/open-jail.ts';

const folders: string[] = [];
const spamFilter = (mark: string): string => `
  interface Input { text: string }
  export function run({ text }: Input): { label: string; mark: string } {
    if (text === 'loop') for (;;) {}
    if (text === 'allocate') for (const kept: string[][] = []; ; ) kept.push(Array.from({ length: 100_000 }, (_, n) => 'x' + n));
    if (text === 'throw') throw new Error('no such word');
    if (text === 'wrong') return { label: 'neither', mark: '' };
    return { label: /win|free/iu.test(text) ? 'spam' : 'ham', mark: ${JSON.stringify(mark)} };
  }`;
const schemas = {
  input_schema: { type: 'object', properties: { text: { type: 'string', maxLength: 1000 } }, required: ['text'] },
  output_schema: {
    type: 'object',
    properties: { label: { enum: ['spam', 'ham'] }, mark: { type: 'string' } },
    required: ['label', 'mark'],
  },
  metadata: { warmup_inputs: [{ text: 'win' }, { text: 'hello' }] },
};

interface Setup {
  readonly dir: string;
  readonly store: ProgramStore;
  readonly edge: Edge;
}

async function setUp(versions: number, options: Partial<EdgeOptions> = {}): Promise<Setup> {
  const dir = await mkdtemp(join(tmpdir(), 'loopwright-edge-'));
  folders.push(dir);
  const store = new ProgramStore({ dir, clock: systemClock });
  for (let n = 1; n <= versions; n += 1) {
    await store.store('spam', { id: `v${n}`, source: spamFilter(`v${n}`), metadata: schemas });
  }
  if (versions > 0) await store.setActive('spam', 1, { record: { id: 'first' } });
  const edge = await createEdge({
    dataDir: dir,
    clock: systemClock,
    random: systemRandom,
    sandbox: { jail: noJail, workers: 1, timeoutMs: 800 },
    ...options,
  });
  return { dir, store, edge };
}

async function post(
  edge: Edge,
  url: string,
  payload: JsonObject,
): Promise<{ status: number; headers: Record<string, unknown>; body: Json }> {
  const response = await edge.app.inject({ method: 'POST', url, payload });
  return { status: response.statusCode, headers: response.headers, body: response.json() };
}

async function get(edge: Edge, url: string): Promise<unknown> {
  return (await edge.app.inject({ url })).json();
}

async function recordsOf(dir: string): Promise<ReturnType<typeof executionRecordSchema.parse>[]> {
  const folder = join(dir, 'datasets/spam/executions');
  const [name] = await readdir(folder);
  const lines = (await readFile(join(folder, name ?? ''), 'utf8')).split('\n');
  return lines.filter((line) => line !== '').map((line) => executionRecordSchema.parse(JSON.parse(line)));
}

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, 'waited for 60 s');
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}

after(() => Promise.all(folders.map((dir) => rm(dir, { recursive: true, force: true }))));

describe('POST /execute', () => {
  it('runs the active version and records it', async () => {
    const { edge, dir, store } = await setUp(1);
    await using _ = edge;
    const { status, headers, body } = await post(edge, '/execute', { task_id: 'spam', input: { text: 'Win a prize' } });
    assert.equal(status, 200);
    assert.ok(body !== null && typeof body === 'object' && !Array.isArray(body));
    assert.deepEqual(body['output'], { label: 'spam', mark: 'v1' });
    assert.deepEqual(Object.keys(body), ['output', 'latency_ms']);
    assert.equal(headers['x-program-version'], '1');
    assert.equal(headers['x-program-digest'], (await store.loadMetadata('spam', 1)).digest);
    const [record] = await recordsOf(dir);
    assert.equal(record?.id, headers['x-execution-id']);
    assert.deepEqual(record?.output_data, { result: body['output'] });
    assert.equal(record?.latency_ms, body['latency_ms']);
    assert.equal(record?.version, 1);
  });

  it('finds the program by configuration, by path, or because it is the only one', async () => {
    const { edge, store } = await setUp(1);
    await using _ = edge;
    const input = { text: 'x' };
    assert.equal((await post(edge, '/execute', { input })).status, 200);
    assert.equal((await post(edge, '/tasks/spam/execute', { input })).status, 200);
    await store.store('echo', { id: 'e', source: 'export const run = (value: unknown) => value;' });
    assert.equal((await post(edge, '/tasks/echo/execute', { input: [1] })).status, 409);
    await store.setActive('echo', 1, { record: { id: 'e' } });
    assert.deepEqual((await post(edge, '/tasks/echo/execute', { input: [1] })).status, 200);
    const which = await post(edge, '/execute', { input });
    assert.equal(which.status, 400);
    assert.deepEqual(errorResponseSchema.parse(which.body).details?.['programs'], ['echo', 'spam']);
    assert.equal((await post(edge, '/tasks/nobody/execute', { input })).status, 404);
  });

  it('refuses inputs that do not fit and does not record them', async () => {
    const { edge, dir } = await setUp(1);
    await using _ = edge;
    const { status, body } = await post(edge, '/execute', { input: { text: 5 } });
    assert.equal(status, 400);
    const error = errorResponseSchema.parse(body);
    assert.equal(error.error_code, 'VALIDATION_ERROR');
    assert.deepEqual(error.details, { issues: [{ pointer: '/input/text', message: 'must be string' }] });
    assert.equal((await post(edge, '/execute', { task_id: 'spam' })).status, 400);
    assert.equal((await post(edge, '/execute', { task_id: '../x', input: 1 })).status, 400);
    await post(edge, '/execute', { input: { text: 'fine' } });
    assert.equal((await recordsOf(dir)).length, 1);
  });

  it('refuses fields that nobody knows, and batches in which an id comes twice, and points to them', async () => {
    const { edge, dir } = await setUp(1);
    await using _ = edge;
    const issuesOf = async (url: string, sent: JsonObject): Promise<unknown> => {
      const { status, body } = await post(edge, url, sent);
      assert.equal(status, 400, url);
      return errorResponseSchema.parse(body).details?.['issues'];
    };
    const unknown = (pointer: string): object => ({ pointer, message: 'is not known here' });
    const input = { text: 'x' };
    for (const url of ['/execute', '/tasks/spam/execute', '/api/v1/tasks/spam/execute'])
      assert.deepEqual(await issuesOf(url, { input, 'time/out': 1, more: 2 }), [unknown('/time~1out'), unknown('/more')], url);
    const one = { id: '1', input };
    const validated = { ...one, output: 1, expected_output: 1 };
    for (const [url, item] of [
      ['/batch/execute', one],
      ['/api/v1/batch/execute', one],
      ['/api/v1/batch/validate', validated],
    ] as const) {
      const batch = { task_id: 'spam', items: [item, { ...item, id: '2' }, item] };
      assert.deepEqual(
        await issuesOf(url, batch),
        [{ pointer: '/items/2/id', message: 'is the id of an earlier item too' }],
        url,
      );
      const odd = { task_id: 'spam', items: [{ ...item, weight: 1 }], dry_run: true };
      assert.deepEqual(await issuesOf(url, odd), [unknown('/items/0/weight'), unknown('/dry_run')], url);
    }
    await assert.rejects(recordsOf(dir));
  });

  it('answers what is no request with a clean error', async () => {
    const { edge } = await setUp(1);
    await using _ = edge;
    const send = async (payload: string, type = 'application/json'): Promise<[number, string]> => {
      const response = await edge.app.inject({ method: 'POST', url: '/execute', payload, headers: { 'content-type': type } });
      return [response.statusCode, errorResponseSchema.parse(response.json()).error_code];
    };
    assert.deepEqual(await send('{"input":'), [400, 'VALIDATION_ERROR']);
    assert.deepEqual(await send(''), [400, 'VALIDATION_ERROR']);
    assert.deepEqual(await send('null'), [400, 'VALIDATION_ERROR']);
    assert.deepEqual(await send('{"input":{"__proto__":{"a":1}}}'), [400, 'VALIDATION_ERROR']);
    assert.deepEqual(await send('x', 'text/csv'), [415, 'UNSUPPORTED_MEDIA_TYPE']);
    assert.deepEqual(await send(`{"input":"${'x'.repeat(1024 * 1024)}"}`), [413, 'PAYLOAD_TOO_LARGE']);
    assert.deepEqual(await send(`{"input":${'['.repeat(200_000)}${']'.repeat(200_000)}}`), [400, 'VALIDATION_ERROR']);
    const missing = await edge.app.inject({ url: '/nothing' });
    assert.deepEqual([missing.statusCode, errorResponseSchema.parse(missing.json()).error_code], [404, 'NOT_FOUND']);
  });

  it('answers no foreign host when it serves this machine only', async () => {
    const { edge } = await setUp(1, { loopbackOnly: true });
    await using _ = edge;
    const ask = async (host: string): Promise<number> =>
      (await edge.app.inject({ method: 'POST', url: '/execute', headers: { host }, payload: { input: { text: 'win' } } }))
        .statusCode;
    assert.equal(await ask('rebound.example:8081'), 403);
    assert.equal(await ask('127.0.0.1:8081'), 200);
    assert.equal(await ask('[::1]:8081'), 200);
    const url = new URL(await edge.app.listen({ host: '127.0.0.1', port: 0 }));
    const askOverHttp = async (host: string): Promise<string> => {
      const body = '{"input":{"text":"win"}}';
      const socket = connect(Number(url.port), '127.0.0.1').setEncoding('utf8');
      socket.write(
        `POST /execute HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
      const [answer] = (await once(socket, 'data')) as [string];
      socket.destroy();
      return answer;
    };
    assert.match(await askOverHttp('rebound.example:8081'), /^HTTP\/1\.1 403 /u);
    assert.match(await askOverHttp('localhost:8081'), /^HTTP\/1\.1 200 /u);
  });

  it('answers a failing program with 422, records it, and goes on', async () => {
    // Time enough for the memory limit to be the first that is reached.
    const { edge, dir } = await setUp(1, { sandbox: { jail: noJail, workers: 1, timeoutMs: 5000, memoryLimitMb: 16 } });
    await using _ = edge;
    const expected = [
      ['throw', 'error', /Error: no such word/u],
      ['loop', 'timeout', /longer than 5000 ms/u],
      ['allocate', 'error', /memory/u],
      ['wrong', 'error', /output\/label must be equal to one of/u],
    ] as const;
    for (const [text, status, message] of expected) {
      const failed = await post(edge, '/execute', { input: { text } });
      assert.equal(failed.status, 422);
      const error = errorResponseSchema.parse(failed.body);
      assert.equal(error.error_code, 'PROGRAM_FAILED');
      assert.equal(error.details?.['status'], status);
      assert.equal(error.details['execution_id'], failed.headers['x-execution-id']);
      assert.match(error.message, message);
      assert.equal((await post(edge, '/execute', { input: { text: 'free' } })).status, 200);
    }
    const records = await recordsOf(dir);
    assert.deepEqual(
      records.map(({ status }) => status),
      ['error', 'success', 'timeout', 'success', 'error', 'success', 'error', 'success'],
    );
    assert.match(records[0]?.error_message ?? '', /no such word/u);
    assert.equal(records[0]?.output_data, null);
  });

  it('runs nothing without the jail that it must have, and says so', async () => {
    const jail = await openJail({ policy: 'required', clock: systemClock, path: '/nonexistent' });
    const { edge } = await setUp(1, { sandbox: { jail } });
    await using _ = edge;
    const refused = await post(edge, '/tasks/spam/execute', { input: { text: '' } });
    assert.deepEqual([refused.status, (refused.body as JsonObject)['error_code']], [503, 'JAIL_REQUIRED']);
    const health = edgeHealthSchema.parse(await get(edge, '/health'));
    assert.deepEqual([health.status, health.sandbox.workers], ['degraded', 0]);
    assert.equal(health.sandbox.refusal, jail.refusal);
    assert.equal(((await get(edge, '/metrics')) as JsonObject)['executions_today'], 0);
  });

  it('starts without any program, and serves the first one that appears', async () => {
    const { edge, store } = await setUp(0);
    await using _ = edge;
    const health = edgeHealthSchema.parse(await get(edge, '/health'));
    assert.deepEqual([health.status, health.task_id, health.active_version, health.programs], ['healthy', null, null, []]);
    assert.equal((await post(edge, '/execute', { input: 1 })).status, 400);
    assert.deepEqual(await get(edge, '/metrics'), { executions_today: 0, avg_latency_ms: 0, torn_lines: 0, dropped_records: 0 });
    await store.store('spam', { id: 'a', source: spamFilter('new') });
    await store.setActive('spam', 1, { record: { id: 'p' } });
    await waitFor(async () => edgeHealthSchema.parse(await get(edge, '/health')).active_version === 1);
    assert.equal((await post(edge, '/execute', { input: { text: '' } })).status, 200);
  });
});

describe('switching the active version', () => {
  it('drops no request and mixes no versions under load', async () => {
    const { edge, store } = await setUp(2, { sandbox: { jail: noJail, timeoutMs: 1000 } });
    await using _ = edge;
    const address = await edge.app.listen({ host: '127.0.0.1', port: 0 });
    const switching = new AbortController();
    let answered = 0;
    const seen = new Map<string, number>();
    const client = async (): Promise<void> => {
      while (!switching.signal.aborted) {
        const response = await fetch(`${address}/execute`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{"input":{"text":"free"}}',
        });
        assert.equal(response.status, 200);
        const version = response.headers.get('x-program-version') ?? '';
        const body = (await response.json()) as { output: { mark: string } };
        assert.equal(body.output.mark, `v${version}`);
        seen.set(version, (seen.get(version) ?? 0) + 1);
        answered += 1;
      }
    };
    const clients = Array.from({ length: 32 }, client);
    for (let n = 0; n < 10; n += 1) {
      const version = n % 2 === 0 ? 2 : 1;
      await store.setActive('spam', version, { expected: 3 - version, record: { id: `switch-${n}` } });
      const refreshed = await fetch(`${address}/tasks/spam/refresh`, { method: 'POST' });
      assert.deepEqual(((await refreshed.json()) as JsonObject)['active_version'], version);
      const before = answered;
      await waitFor(() => Promise.resolve(answered >= before + 30));
    }
    switching.abort();
    await Promise.all(clients);
    assert.ok(answered >= 300);
    assert.deepEqual([...seen.keys()].sort(), ['1', '2']);
  });

  it('notices a moved pointer by itself', async () => {
    const { edge, store } = await setUp(2);
    await using _ = edge;
    await store.setActive('spam', 2, { record: { id: 'p' } });
    await waitFor(async () => edgeHealthSchema.parse(await get(edge, '/health')).active_version === 2);
  });

  it('keeps the old version and says so when the new one cannot be loaded', async () => {
    const { edge, store, dir } = await setUp(2);
    await using _ = edge;
    await appendFile(join(dir, 'artifacts/spam/v2/program.ts'), '// edited');
    await store.setActive('spam', 2, { record: { id: 'bad' } });
    const refreshed = await post(edge, '/tasks/spam/refresh', {});
    assert.equal(refreshed.status, 400);
    assert.equal(errorResponseSchema.parse(refreshed.body).error_code, 'INVALID_PROGRAM');
    assert.equal(edgeHealthSchema.parse(await get(edge, '/health')).status, 'degraded');
    const { status, headers } = await post(edge, '/execute', { input: { text: 'x' } });
    assert.deepEqual([status, headers['x-program-version']], [200, '1']);
    await store.setActive('spam', 1, { record: { id: 'back' } });
    await waitFor(async () => edgeHealthSchema.parse(await get(edge, '/health')).status === 'healthy');
  });

  it('does not let a version take over that fails all its warm-up calls', async () => {
    const { edge, store } = await setUp(1);
    await using _ = edge;
    await store.store('spam', { id: 'bad', source: 'export function run() { throw new Error("always"); }', metadata: schemas });
    await store.setActive('spam', 2, { record: { id: 'bad' } });
    const refreshed = await post(edge, '/tasks/spam/refresh', {});
    assert.equal(errorResponseSchema.parse(refreshed.body).error_code, 'PROGRAM_FAILED');
    assert.equal((await post(edge, '/execute', { input: { text: 'x' } })).headers['x-program-version'], '1');
  });

  it('has found out by the first request whether calls of a version share an evaluation, where it is warmed up', async () => {
    const { edge, store } = await setUp(1);
    await using _ = edge;
    // What the language keeps away from a program that is found to keep nothing.
    const source =
      'export const run = ({ text }) => ({ label: "ham", mark: (() => 0)[text] === undefined ? "shared" : "alone" });';
    await store.store('spam', { id: 'plain', source, metadata: schemas });
    await store.setActive('spam', 2, { record: { id: 'plain' } });
    await post(edge, '/tasks/spam/refresh', {});
    const { body, headers } = await post(edge, '/execute', { input: { text: 'constructor' } });
    assert.deepEqual(
      [headers['x-program-version'], (body as { output: unknown }).output],
      ['2', { label: 'ham', mark: 'shared' }],
    );
  });

  it('wants the token for a refresh when there is one', async () => {
    const { edge } = await setUp(1, { authToken: 'secret' });
    await using _ = edge;
    const refresh = async (authorization?: string): Promise<number> => {
      const headers = authorization === undefined ? {} : { authorization };
      return (await edge.app.inject({ method: 'POST', url: '/tasks/spam/refresh', headers })).statusCode;
    };
    assert.deepEqual([await refresh(), await refresh('Bearer wrong'), await refresh('Bearer secret')], [401, 401, 200]);
  });
});

describe('POST /batch/execute', () => {
  it('compares outputs of any shape, and lets requests come between', async () => {
    const { edge } = await setUp(1);
    await using _ = edge;
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    const item = `{"id":"1","input":1,"output":${deep},"expected_output":${deep.slice(1, -1)}}`;
    const payload = `{"task_id":"spam","items":[${item}]}`;
    const headers = { 'content-type': 'application/json' };
    const refused = await edge.app.inject({ method: 'POST', url: '/api/v1/batch/validate', payload, headers });
    assert.equal(refused.statusCode, 400);
    const items = Array.from({ length: 120 }, (_item, n) => ({
      id: String(n),
      input: 1,
      output: 'a'.repeat(499),
      expected_output: 'b'.repeat(499),
    }));
    let isDone = false;
    const compared = post(edge, '/api/v1/batch/validate', { task_id: 'spam', items, comparison_method: 'fuzzy' }).finally(
      () => (isDone = true),
    );
    // One that needs no other process, which may get its turn late.
    await get(edge, '/health');
    assert.equal(isDone, false, 'the request had to wait for all of them');
    assert.equal((await compared).status, 200);
    assert.equal((await post(edge, '/api/v1/batch/validate', { task_id: 'nobody', items })).status, 404);
  });

  it('runs any stored version and keeps the order', async () => {
    const { edge, dir, store } = await setUp(2);
    await using _ = edge;
    const items = Array.from({ length: 500 }, (_unused, n) => ({ id: `i${n}`, input: { text: n % 2 === 0 ? 'free' : 'hello' } }));
    const { status, headers, body } = await post(edge, '/batch/execute', {
      task_id: 'spam',
      version: 2,
      items,
      max_concurrency: 50,
      log: false,
    });
    assert.equal(status, 200);
    const batch = batchExecuteResponseSchema.parse(body);
    assert.equal(headers['x-program-version'], '2');
    assert.equal(headers['x-program-digest'], (await store.loadMetadata('spam', 2)).digest);
    assert.deepEqual([batch.version, batch.total_items, batch.success_count, batch.failure_count], [2, 500, 500, 0]);
    batch.results.forEach(({ id, output, execution_id }, n) => {
      assert.equal(id, `i${n}`);
      assert.deepEqual(output, { label: n % 2 === 0 ? 'spam' : 'ham', mark: 'v2' });
      assert.equal(execution_id, null);
    });
    await assert.rejects(recordsOf(dir));
  });

  it('reports failures item by item, records what ran, and stops when asked to', async () => {
    const { edge, dir } = await setUp(1);
    await using _ = edge;
    const items = ['hi', 'throw', 7, 'loop', 'free'].map((text, n) => ({ id: String(n), input: { text } }));
    const all = batchExecuteResponseSchema.parse((await post(edge, '/batch/execute', { task_id: 'spam', items })).body);
    assert.deepEqual(
      all.results.map(({ success }) => success),
      [true, false, false, false, true],
    );
    assert.match(all.results[2]?.error_message ?? '', /must be string/u);
    assert.equal((await recordsOf(dir)).length, 4);
    const stopping = { task_id: 'spam', items, stop_on_first_error: true, max_concurrency: 1, log: false };
    const stopped = batchExecuteResponseSchema.parse((await post(edge, '/batch/execute', stopping)).body);
    assert.deepEqual([stopped.results.length, stopped.failure_count, stopped.total_items], [2, 1, 5]);
  });

  it('says which version is missing', async () => {
    const { edge } = await setUp(1);
    await using _ = edge;
    const { status, body } = await post(edge, '/batch/execute', { task_id: 'spam', version: 9, items: [{ id: 'a', input: 1 }] });
    assert.deepEqual([status, errorResponseSchema.parse(body).error_code], [404, 'ARTIFACT_NOT_FOUND']);
  });
});

describe('figures', () => {
  it('gives health, metrics and analytics of the day, and again after a restart', async () => {
    const { edge, dir } = await setUp(1);
    const today = isoTime(systemClock.now()).slice(0, 10);
    for (const text of ['a', 'b', 'throw', 'free']) await post(edge, '/execute', { input: { text } });
    const latencies = (await recordsOf(dir)).flatMap(({ status, latency_ms }) => (status === 'success' ? [latency_ms ?? 0] : []));
    latencies.sort((one, other) => one - other);
    const average = latencies.reduce((sum, latency) => sum + latency, 0) / 3;
    const metrics = edgeMetricsSchema.parse(await get(edge, '/metrics?task_id=spam'));
    assert.equal(metrics.executions_today, 4);
    assert.ok(Math.abs(metrics.avg_latency_ms - average) < 1e-9);
    const analytics = dailyAnalyticsSchema.parse(await get(edge, `/tasks/spam/analytics?date=${today}&exact=true`));
    assert.ok(Math.abs(analytics.avg_latency_ms - average) < 1e-9);
    assert.deepEqual(
      { ...analytics, avg_latency_ms: 0 },
      {
        date: today,
        total_executions: 4,
        successful_executions: 3,
        failed_executions: 1,
        success_rate: 0.75,
        sampled_count: 0,
        sampling_rate: 0,
        avg_latency_ms: 0,
        p50_latency_ms: latencies[1],
        p99_latency_ms: latencies[2],
      },
    );
    const health = edgeHealthSchema.parse(await get(edge, '/health'));
    assert.deepEqual([health.status, health.version, health.task_id, health.active_version], ['healthy', '0.1.0', 'spam', 1]);
    assert.deepEqual([health.sandbox.engine, health.sandbox.jail], ['isolated-vm', 'none']);
    const figures = await edge.app.inject({ url: '/metrics/prometheus' });
    assert.match(String(figures.headers['content-type']), /^text\/plain; version=0\.0\.4/u);
    assert.match(figures.body, /^loopwright_edge_executions_today\{program="spam",status="success"\} 3$/mu);
    assert.match(figures.body, /^loopwright_edge_executions_today\{program="spam",status="failed"\} 1$/mu);
    assert.match(figures.body, /^# TYPE loopwright_edge_sandbox_restarts_total counter$/mu);
    const reversed = await edge.app.inject({ url: '/tasks/spam/analytics/range?from=2026-12-01&to=2026-01-01' });
    assert.equal(reversed.statusCode, 400);
    // Kept record by record, the percentiles are right within half a percent.
    const kept = dailyAnalyticsSchema.parse(await get(edge, '/tasks/spam/analytics'));
    assert.ok(Math.abs(kept.p50_latency_ms - analytics.p50_latency_ms) <= 0.005 * analytics.p50_latency_ms);
    await edge.close();
    const written: unknown = JSON.parse(await readFile(join(dir, `datasets/spam/analytics/daily-stats-${today}.json`), 'utf8'));
    assert.deepEqual(written, kept);
    await using again = await createEdge({
      dataDir: dir,
      sandbox: { jail: noJail, workers: 1 },
      clock: systemClock,
      random: systemRandom,
    });
    assert.deepEqual(await get(again, '/tasks/spam/analytics'), kept);
    assert.equal((await again.app.inject({ url: '/tasks/spam/analytics?date=../x' })).statusCode, 400);
    assert.equal((await again.app.inject({ url: '/tasks/nobody/analytics' })).statusCode, 404);
    assert.equal((await again.app.inject({ url: '/metrics?task_id=nobody' })).statusCode, 404);
  });
});
