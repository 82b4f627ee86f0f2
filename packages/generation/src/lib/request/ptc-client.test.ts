import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ExecutionPlanInput, PlatformError } from '@loopwright/protocol';
import type { PtcClientOptions } from './client-options.ts';
import { PtcClient } from './ptc-client.ts';
import { json, service } from '../fixtures/test-service.ts';
import { PtcClientError, PtcServiceError, PtcTimeoutError } from './ptc-errors.ts';

const plan: ExecutionPlanInput = { execution_id: 'exec-1', scaffolding: { task_description: 'Tell spam from ham' } };
const result = {
  execution_id: 'exec-1',
  status: 'SUCCESS',
  artifacts: [{ file_path: '/src/main.ts', content: 'export {};' }],
  started_at: '2026-01-01T00:00:00Z',
  completed_at: '2026-01-01T00:00:01Z',
  duration_seconds: 1,
};

const clientOf = (url: string, options: Partial<PtcClientOptions> = {}): PtcClient =>
  new PtcClient({ serviceUrl: url, retryDelayMs: 20, ...options });

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => assert.fail('the call did not fail'),
    (error: unknown) => error,
  );
}

describe('PtcClient.execute', () => {
  it('sends the plan with its defaults and gives the parsed result', async () => {
    await using server = await service(json(200, result));
    await using client = clientOf(`${server.url}/api//`, { authToken: 'secret' });
    const answer = await client.execute(plan);
    assert.equal(answer.artifacts[0]?.file_path, 'src/main.ts');
    assert.equal(answer.from_cache, false);
    const [request] = server.requests;
    assert.equal(request?.url, '/api/execute');
    assert.equal(request?.headers.authorization, 'Bearer secret');
    assert.equal(request?.headers['idempotency-key'], 'exec-1');
    const sent = JSON.parse(request?.body ?? '');
    assert.equal(sent.max_iterations, 3);
    assert.match(sent.created_at, /Z$/);
  });

  it('tries 5xx again, with a doubled delay, three attempts in all', async () => {
    await using server = await service(json(500, {}), json(502, {}), json(200, result));
    await using client = clientOf(server.url, { retryDelayMs: 40 });
    assert.equal((await client.execute(plan)).status, 'SUCCESS');
    const [first, second, third] = server.requests.map((request) => request.at);
    assert.equal(server.requests.length, 3);
    assert.ok((second ?? 0) - (first ?? 0) >= 38);
    assert.ok((third ?? 0) - (second ?? 0) >= 78);
  });

  it('gives up after the last attempt and keeps the answer', async () => {
    await using server = await service((response) => response.writeHead(503).end('down for\nrepairs'));
    await using client = clientOf(server.url, { maxRetries: 2 });
    const error = await failureOf(client.execute(plan));
    assert.ok(error instanceof PtcServiceError);
    assert.equal(error.message, 'PTC service error (503): down for repairs');
    assert.deepEqual([error.code, error.serviceStatus, error.retryable], ['SERVICE_UNAVAILABLE', 503, true]);
    assert.equal(server.requests.length, 2);
  });

  it('never tries 4xx again', async () => {
    await using server = await service((response) => response.writeHead(400).end('bad plan'));
    await using client = clientOf(server.url);
    const error = await failureOf(client.execute(plan));
    assert.ok(error instanceof PtcServiceError && error instanceof PtcClientError && error instanceof PlatformError);
    assert.equal(error.message, 'PTC request failed (400): bad plan');
    assert.equal(error.retryable, false);
    assert.equal(server.requests.length, 1);
  });

  it("keeps code, message and details of the platform's own errors", async () => {
    const own = new PlatformError('INDUCTION_REFUSED', 'Cannot learn a program: one class only', { details: { classes: 1 } });
    await using server = await service(json(422, own.toResponse('r1')));
    await using client = clientOf(server.url);
    const error = await failureOf(client.execute(plan));
    assert.ok(error instanceof PtcServiceError);
    assert.equal(error.code, 'INDUCTION_REFUSED');
    assert.match(error.message, /one class only/);
    assert.equal(error.details?.['classes'], 1);
    assert.equal(error.details?.['service_error_code'], 'INDUCTION_REFUSED');
  });

  it('believes a 5xx of the platform that says it is final', async () => {
    const own = new PlatformError('PROVIDER_NOT_CONFIGURED', 'Cannot ask a model: no provider is configured');
    await using server = await service(json(503, own.toResponse()));
    await using client = clientOf(server.url);
    const error = await failureOf(client.execute(plan));
    assert.ok(error instanceof PtcServiceError);
    assert.deepEqual([error.code, error.retryable, server.requests.length], ['PROVIDER_NOT_CONFIGURED', false, 1]);
  });

  it('does not pass a 401 of the service on as one of its own caller', async () => {
    await using server = await service(json(401, new PlatformError('UNAUTHORIZED', 'Cannot go on: who are you').toResponse()));
    await using client = clientOf(server.url);
    const error = await failureOf(client.execute(plan));
    assert.ok(error instanceof PtcServiceError);
    assert.deepEqual([error.code, error.serviceStatus], ['SERVICE_UNAVAILABLE', 401]);
  });

  it('does not follow redirects', async () => {
    await using server = await service((response) => response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end());
    await using client = clientOf(server.url);
    const error = await failureOf(client.execute(plan));
    assert.ok(error instanceof PtcServiceError);
    assert.deepEqual([error.serviceStatus, server.requests.length], [307, 1]);
  });

  it('honours Retry-After', async () => {
    await using server = await service(json(503, {}, { 'retry-after': '1' }), json(200, result));
    await using client = clientOf(server.url, { retryDelayMs: 1 });
    await client.execute(plan);
    const [first, second] = server.requests.map((request) => request.at);
    assert.ok((second ?? 0) - (first ?? 0) >= 990);
  });

  it('tries again after a connection that was reset, before the answer and in the middle of it', async () => {
    await using server = await service(
      (response) => response.destroy(),
      (response) => {
        response.writeHead(200, { 'content-length': '1000' }).write('{"execution_id"');
        setImmediate(() => response.destroy());
      },
      json(200, result),
    );
    await using client = clientOf(server.url);
    assert.equal((await client.execute(plan)).status, 'SUCCESS');
    assert.equal(server.requests.length, 3);
  });

  it('tries again when nothing listens, and says so', async () => {
    const server = await service(json(200, result));
    await server[Symbol.asyncDispose]();
    await using client = clientOf(server.url, { maxRetries: 2, retryDelayMs: 5 });
    const error = await failureOf(client.execute(plan));
    assert.ok(error instanceof PtcClientError);
    assert.match(error.message, /^Failed to connect to PTC service: .*ECONNREFUSED/);
    assert.deepEqual([error.code, error.retryable], ['SERVICE_UNAVAILABLE', true]);
    assert.equal((await failureOf(client.getStats())) instanceof PtcClientError, true);
  });

  it('ends a call that hangs with a time-out, once', async () => {
    await using server = await service(() => undefined);
    await using client = clientOf(server.url, { timeoutMs: 800 });
    const error = await failureOf(client.execute(plan));
    assert.ok(error instanceof PtcTimeoutError);
    assert.deepEqual([error.code, error.retryable, server.requests.length], ['STEP_TIMEOUT', false, 1]);
  });

  it('ends an answer that never ends with a time-out', async () => {
    await using server = await service((response) => response.writeHead(200).write('{'));
    await using client = clientOf(server.url, { timeoutMs: 800 });
    assert.ok((await failureOf(client.execute(plan))) instanceof PtcTimeoutError);
    assert.equal(server.requests.length, 1);
  });

  it('refuses malformed JSON and a wrong shape without trying again', async () => {
    await using server = await service((response) => response.end('{"execution_id": '), json(200, { ...result, status: 'DONE' }));
    await using client = clientOf(server.url);
    const malformed = await failureOf(client.execute(plan));
    assert.ok(malformed instanceof PtcServiceError);
    assert.match(malformed.message, /the answer is not JSON/);
    assert.ok(malformed.cause instanceof SyntaxError);
    const shape = await failureOf(client.execute(plan));
    assert.ok(shape instanceof PtcServiceError);
    assert.match(shape.message, /status/);
    assert.match(JSON.stringify(shape.details), /"pointer":"\/status"/);
    assert.equal(server.requests.length, 2);
  });

  it('reads no further than its limit of an answer that is huge, declared or not', async () => {
    const part = Buffer.alloc(64 * 1024, 'x');
    let sent = 0;
    await using server = await service(
      (response) => response.writeHead(200, { 'content-length': String(10 ** 12) }).write('{'),
      (response) => {
        const more = (): void => {
          if (response.destroyed) return;
          sent += part.length;
          if (response.write(part)) setImmediate(more);
          else response.once('drain', more);
        };
        more();
      },
    );
    await using client = clientOf(server.url, { maxAnswerBytes: 1024 * 1024 });
    for (const _ of [1, 2]) {
      const error = await failureOf(client.execute(plan));
      assert.ok(error instanceof PtcServiceError);
      assert.match(error.message, /the answer is larger than 1048576 bytes/);
    }
    assert.equal(server.requests.length, 2);
    assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes were sent`);
  });

  it('gives a 429 up with its code and its Retry-After, and leaves the waiting to the caller', async () => {
    const own = new PlatformError('RATE_LIMITED', 'Cannot take the plan: there are too many');
    await using server = await service(
      json(429, {}, { 'retry-after': '7' }),
      json(429, own.toResponse(), { 'retry-after': '8' }),
    );
    await using client = clientOf(server.url);
    for (const seconds of [7, 8]) {
      const error = await failureOf(client.execute(plan));
      assert.ok(error instanceof PtcServiceError);
      assert.deepEqual([error.code, error.retryable, error.retryAfterMs], ['RATE_LIMITED', true, seconds * 1000]);
    }
    assert.equal(server.requests.length, 2);
  });

  it('reads an answer that comes in single bytes', async () => {
    await using server = await service(async (response) => {
      for (const byte of Buffer.from(JSON.stringify({ ...result, error_message: 'ü\u{1F600}' }))) {
        response.write(Buffer.from([byte]));
        await new Promise((done) => setImmediate(done));
      }
      response.end();
    });
    await using client = clientOf(server.url);
    assert.equal((await client.execute(plan)).error_message, 'ü\u{1F600}');
  });

  it('sends an execution id that no header can carry', async () => {
    await using server = await service(json(200, result));
    await using client = clientOf(server.url);
    await client.execute({ ...plan, execution_id: ' ü\r\nx: 1 \uD800 ' });
    assert.equal(server.requests[0]?.headers['idempotency-key'], encodeURIComponent('ü\r\nx: 1 \uFFFD'));
  });

  it('refuses a plan that is not valid before anything is sent', async () => {
    await using server = await service(json(200, result));
    await using client = clientOf(server.url);
    await assert.rejects(client.execute({ ...plan, max_iterations: 11 }), { code: 'VALIDATION_ERROR' });
    assert.equal(server.requests.length, 0);
  });

  it('stops at once when the caller gives up during a request or during a wait', async () => {
    await using server = await service(() => undefined, json(500, {}));
    await using client = clientOf(server.url, { retryDelayMs: 60_000 });
    const reason = new Error('enough');
    for (const expected of [1, 2]) {
      const controller = new AbortController();
      const call = failureOf(client.execute(plan, { signal: controller.signal }));
      while (server.requests.length < expected) await new Promise((done) => setImmediate(done));
      await new Promise((done) => setTimeout(done, 30));
      controller.abort(reason);
      assert.equal(await call, reason);
    }
    await assert.rejects(client.execute(plan, { signal: AbortSignal.abort(reason) }), reason);
    assert.equal(server.requests.length, 2);
  });

  it('works with the fetch of the platform', async () => {
    await using server = await service(json(200, result));
    await using client = clientOf(server.url, { fetch: globalThis.fetch });
    assert.equal((await client.execute(plan)).status, 'SUCCESS');
  });

  it('asks for the address before each attempt', async () => {
    await using server = await service(json(200, result));
    const addresses = ['http://127.0.0.1:1', server.url];
    await using client = new PtcClient({ serviceUrl: () => addresses.shift() ?? '', retryDelayMs: 1 });
    assert.equal((await client.execute(plan)).status, 'SUCCESS');
  });
});

describe('PtcClient', () => {
  it('tells whether the service is healthy, and why not', async () => {
    await using server = await service(json(200, { status: 'healthy' }), json(500, {}));
    await using client = clientOf(server.url);
    assert.deepEqual(await client.health(), { status: 'healthy' });
    assert.equal(await client.healthCheck(), false);
    await assert.rejects(client.health(), /^PlatformError: Health check failed: PTC service error \(500\)/);
  });

  it("joins the service's figures with its own", async () => {
    await using server = await service(
      json(200, { ...result, status: 'CACHE_HIT', from_cache: true }),
      json(404, {}),
      json(200, { total_executions: 70 }),
    );
    await using client = clientOf(server.url);
    await client.execute(plan);
    const without = await client.getStats();
    assert.deepEqual(without.service, { error: 'Stats endpoint not available' });
    assert.deepEqual([without.total_executions, without.cache_hit_rate], [1, 1]);
    const stats = await client.getStats();
    assert.deepEqual([stats.total_executions, stats.client.total_executions, stats.client.attempts], [70, 1, 1]);
  });

  it('ends what is under way when it is closed, and refuses afterwards', async () => {
    await using server = await service(() => undefined);
    const client = clientOf(server.url);
    const call = failureOf(client.execute(plan));
    while (server.requests.length === 0) await new Promise((done) => setImmediate(done));
    await client.close();
    assert.match(String(await call), /the client was closed/);
    await assert.rejects(client.execute(plan), /the client was closed/);
    await client.close();
  });

  it('refuses options outside their range and addresses that are none', () => {
    assert.throws(() => clientOf('ftp://host'), { code: 'INVALID_CONFIGURATION' });
    assert.throws(() => clientOf('nonsense'), { code: 'INVALID_CONFIGURATION' });
    assert.throws(
      () => clientOf('http://me:secret@host'),
      (error: unknown) => error instanceof PtcClientError && !error.message.includes('secret'),
    );
    assert.throws(() => clientOf('http://host', { maxRetries: 0 }), { code: 'INVALID_CONFIGURATION' });
    assert.throws(() => clientOf('http://host', { timeoutMs: Number.NaN }), { code: 'INVALID_CONFIGURATION' });
  });
});
