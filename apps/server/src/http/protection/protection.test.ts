import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import Fastify, { type FastifyInstance, type LightMyRequestResponse } from 'fastify';
import { type Principal, UNRESTRICTED } from '../../identity/principal.ts';
import { errorIn, executionIn, openServer, start } from '../app-fixture.ts';
import { answerError } from '../error-handler.ts';
import { type RequestRates, rateLimits } from './rate-limits.ts';

const ANN: Principal = {
  userId: 'ann',
  email: null,
  method: 'api_key',
  role: 'operator',
  ...UNRESTRICTED,
  projects: new Map(),
  credentialId: 'k1',
  roleCap: null,
  onlyProjects: null,
  expiresAt: null,
};

/** A server of its own that knows who calls by a header: key, then person; no header is nobody. */
async function openLimited(rates: Partial<RequestRates>): Promise<FastifyInstance> {
  const app = Fastify();
  app.setErrorHandler(answerError);
  app.decorateRequest('principal');
  const limits = await rateLimits(app, { address: null, user: null, key: null, refusals: null, ...rates });
  app.addHook('onRequest', limits.checkAddress);
  app.addHook('onRequest', async (request, reply) => {
    const [credentialId = '', userId] = String(request.headers['x-who'] ?? '').split(' ');
    if (userId === undefined)
      return reply
        .status(401)
        .header('www-authenticate', credentialId === 'none' ? 'Bearer' : 'Bearer error="invalid_token"')
        .send({});
    request.principal = { ...ANN, userId, credentialId };
  });
  app.addHook('onRequest', limits.checkCaller);
  app.get('/', async () => 'ok');
  return app;
}

const get = async (app: FastifyInstance, who: string, remoteAddress = '203.0.113.5'): Promise<LightMyRequestResponse> =>
  app.inject({ url: '/', remoteAddress, headers: who === '' ? {} : { 'x-who': who } });

describe('rateLimits', () => {
  it('counts by address, person and key, says what is left, and how long to wait', async () => {
    await using app = await openLimited({ user: 3, key: 2 });
    const first = await get(app, 'k1 ann');
    assert.deepEqual(
      [first.statusCode, first.headers['ratelimit'], first.headers['ratelimit-policy']],
      [200, '"key";r=1;t=60', '"key";q=2;w=60'],
    );
    assert.equal((await get(app, 'k1 ann')).statusCode, 200);
    const byKey = await get(app, 'k1 ann');
    assert.deepEqual([byKey.statusCode, byKey.json().error_code, byKey.json().details.by], [429, 'RATE_LIMITED', 'key']);
    assert.match(String(byKey.headers['retry-after']), /^[1-5]?\d|60$/);
    assert.equal(byKey.headers['ratelimit'], `"key";r=0;t=${byKey.headers['retry-after']}`);
    const byUser = await get(app, 'k2 ann');
    assert.deepEqual([byUser.statusCode, byUser.json().details.by], [429, 'user']);
    assert.equal((await get(app, 'k3 bob')).statusCode, 200, 'others are not touched');
  });

  it('takes an IPv6 network for one address, and leaves loopback alone', async () => {
    await using app = await openLimited({ address: 2 });
    for (const address of ['2001:db8::1', '2001:db8::2']) assert.equal((await get(app, 'k ann', address)).statusCode, 200);
    assert.equal((await get(app, 'k ann', '2001:db8::3')).statusCode, 429);
    assert.equal((await get(app, 'k ann', '2001:db8:1::1')).statusCode, 200);
    for (let count = 0; count < 9; count += 1) assert.equal((await get(app, 'k ann', '127.0.0.1')).statusCode, 200);
  });

  it('stops answering an address that guesses credentials, whether the next one is right or not', async () => {
    await using app = await openLimited({ refusals: 3 });
    for (let count = 0; count < 3; count += 1) assert.equal((await get(app, '')).statusCode, 401);
    assert.equal((await get(app, '')).statusCode, 429);
    assert.equal((await get(app, 'k ann')).statusCode, 429);
    assert.equal((await get(app, 'k ann', '203.0.113.6')).statusCode, 200);
    for (let count = 0; count < 9; count += 1) assert.equal((await get(app, 'none', '203.0.113.7')).statusCode, 401);
  });
});

describe('the quota of starts', () => {
  it('is by person and day, survives a restart, and is not used up by what is refused or given again', async (context) => {
    const dir = await mkdtemp(join(tmpdir(), 'loopwright-quota-'));
    context.after(() => rm(dir, { recursive: true, force: true }));
    const as = (user: string, key?: string): Record<string, string> => ({
      'x-user-id': user,
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    });
    const path = '/api/v1/workflows/plain/start';
    const first = await openServer({ dir, protection: { quotas: { starts: 2 } } });
    executionIn(await first.post(path, { project_id: 'p' }, as('ann', 'k')), 201);
    executionIn(await first.post(path, { project_id: 'p' }, as('ann', 'k')), 201);
    errorIn(await first.post(path, { nonsense: 1 }, as('ann')), 'VALIDATION_ERROR');
    errorIn(await first.post('/api/v1/workflows/nothing/start', { project_id: 'p' }, as('ann')), 'WORKFLOW_NOT_FOUND');
    await first.close();
    await using again = await openServer({ dir, protection: { quotas: { starts: 2 } } });
    executionIn(await again.post(path, { project_id: 'p' }, as('ann')), 201);
    const refused = await again.post(path, { project_id: 'p' }, as('ann'));
    const { status, details } = errorIn(refused, 'QUOTA_REACHED');
    assert.equal(status, 429);
    assert.equal(refused.headers.get('retry-after'), JSON.stringify(details?.['retry_after_seconds']));
    executionIn(await again.post(path, { project_id: 'p' }, as('bob')), 201);
  });
});

describe('a client that is slow, or one of too many', () => {
  it('is dropped when its headers or its body do not come in time', async () => {
    await using server = await openServer({ protection: { headersTimeoutMs: 800, requestTimeoutMs: 1000 } });
    const port = Number(new URL(server.url).port);
    const heads = [
      'GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ',
      'POST /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{',
    ];
    const answers = heads.map((head) => {
      const socket = connect(port, '127.0.0.1');
      socket.write(head);
      return text(socket);
    });
    for (const answer of await Promise.all(answers))
      assert.match(answer, /^HTTP\/1\.1 408 [\s\S]*"error_code":"REQUEST_TIMEOUT"/);
    assert.equal((await server.get('/health')).status, 200);
  });

  it('is closed when there are as many connections as there may be', async () => {
    await using server = await openServer({ protection: { connectionsMax: 1 } });
    const port = Number(new URL(server.url).port);
    const held = connect(port, '127.0.0.1');
    held.write('GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    await new Promise((resolve) => void held.once('data', resolve));
    const refused = connect(port, '127.0.0.1');
    refused.on('error', () => undefined);
    await new Promise((resolve) => void refused.once('close', resolve));
    held.destroy();
  });
});

describe('the headers of every answer', () => {
  it('keep browsers from running, framing, guessing and sending on', async () => {
    await using server = await openServer();
    const { execution_id: id } = await start(server, 'plain');
    for (const path of ['/health', `/api/v1/executions/${id}`, '/api/v1/nothing']) {
      const { headers } = await server.get(path);
      assert.match(headers.get('content-security-policy') ?? '', /^default-src 'none';/, path);
      assert.equal(headers.get('x-content-type-options'), 'nosniff', path);
      assert.equal(headers.get('referrer-policy'), 'no-referrer', path);
      assert.equal(headers.get('cross-origin-resource-policy'), 'same-origin', path);
      assert.equal(headers.get('access-control-allow-origin'), null, path);
      assert.equal(headers.get('x-powered-by'), null, path);
    }
  });
});
