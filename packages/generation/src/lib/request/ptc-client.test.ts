import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { type ExecutionPlanInput, PlatformError } from '@loopwright/protocol';
import type { PtcClientOptions } from './client-options.ts';
import { PtcClient } from './ptc-client.ts';
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

type Answer = (response: ServerResponse, request: IncomingMessage) => void;
const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

/** A service that gives its answers in order, the last one for ever. */
async function service(...answers: Answer[]) {
  const requests: { url: string; method: string; headers: IncomingMessage['headers']; body: string; at: number }[] = [];
  const listener: RequestListener = (request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const { url = '', method = '', headers } = request;
      requests.push({ url, method, headers, body, at: performance.now() });
      answers[Math.min(requests.length, answers.length) - 1]?.(response, request);
    });
  };
  const server = createServer(listener);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
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
    await using client = clientOf(server.url, { timeoutMs: 300 });
    const error = await failureOf(client.execute(plan));
    assert.ok(error instanceof PtcTimeoutError);
    assert.deepEqual([error.code, error.retryable, server.requests.length], ['STEP_TIMEOUT', false, 1]);
  });

  it('ends an answer that never ends with a time-out', async () => {
    await using server = await service((response) => response.writeHead(200).write('{'));
    await using client = clientOf(server.url, { timeoutMs: 300 });
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
