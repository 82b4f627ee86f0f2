import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import websocket from '@fastify/websocket';
import { errorResponseSchema, meSchema, userListSchema, userSchema } from '@loopwright/protocol';
import Fastify from 'fastify';
import { heldClock } from '../identity/clock-fixture.ts';
import { jwtIssuerSchema } from '../identity/jwt/issuer-settings.ts';
import { answerError } from './error-handler.ts';
import { useIdentity } from './identity.ts';
import { type TestServer, errorIn, executionIn, openServer } from './app-fixture.ts';
import { keyFor } from './identity-fixture.ts';
import { issuerKey, openIssuer, signed } from '../identity/jwt/issuer-fixture.ts';

let server: TestServer;
before(async () => {
  server = await openServer();
});
after(() => server[Symbol.asyncDispose]());

/** The code of the error that a request with these headers gets; `null` without one. */
async function codeOf(headers: Record<string, string>, url = '/api/v1/executions'): Promise<string | null> {
  const response = await server.app.inject({ url, headers: { host: '127.0.0.1:7777', ...headers } });
  if (response.statusCode === 200) return null;
  const error = errorResponseSchema.parse(response.json());
  assert.equal(error.status, response.statusCode);
  assert.equal(error.request_id, response.headers['x-request-id']);
  return error.error_code;
}

describe('useIdentity in development', () => {
  it('answers for this machine only, so that a rebound name reaches nothing', async () => {
    for (const host of ['127.0.0.1:7777', 'localhost', 'localhost:80', '[::1]:7777'])
      assert.equal(await codeOf({ host }), null, host);
    const foreign = [
      'evil.example',
      'evil.example:7777',
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      '10.0.0.1',
      '0.0.0.0',
    ];
    for (const host of foreign) assert.equal(await codeOf({ host }), 'FORBIDDEN', host);
  });

  it('refuses the pages of other origins on every route', async () => {
    const origins = [
      'https://evil.example',
      'null',
      'https://127.0.0.1:7777',
      'http://127.0.0.1:7778',
      'http://localhost:7777',
      '',
    ];
    for (const url of ['/api/v1/executions', '/health', '/openapi.json', '/docs', '/nothing'])
      for (const origin of origins) assert.equal(await codeOf({ origin }, url), 'FORBIDDEN', `${url} ${origin}`);
    assert.equal(await codeOf({ origin: 'http://127.0.0.1:7777' }), null);
  });

  it('does not let a foreign page ask what it may send', async () => {
    const response = await server.app.inject({
      method: 'OPTIONS',
      url: '/api/v1/workflows/plain/start',
      headers: { host: 'localhost', origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    });
    assert.equal(response.statusCode, 403);
    assert.equal(response.headers['access-control-allow-origin'], undefined);
  });

  it('says of everybody the role that they have, at /me and at /users', async () => {
    for (const name of ['ann', 'developer']) {
      const headers: Record<string, string> = name === 'developer' ? {} : { 'x-user-id': name };
      const { role } = meSchema.parse((await server.get('/api/v1/me', headers)).body);
      const listed = userListSchema.parse((await server.get('/api/v1/users', headers)).body).users;
      const found = userSchema.parse((await server.get(`/api/v1/users/${name}`, headers)).body);
      assert.deepEqual(
        [role, found.role, listed.find(({ user_id: id }) => id === name)?.role, found.stored_role],
        ['admin', 'admin', 'admin', 'viewer'],
        name,
      );
    }
    const changed = userSchema.parse((await server.send('PATCH', '/api/v1/users/ann', { role: 'operator' })).body);
    assert.deepEqual([changed.role, changed.stored_role], ['admin', 'operator']);
  });

  it('takes a user name from the header, and nothing else', async () => {
    const startAs = async (headers: Record<string, string>): Promise<string> =>
      executionIn(await server.post('/api/v1/workflows/plain/start', { project_id: 'p' }, headers), 201).started_by;
    assert.equal(await startAs({}), 'developer');
    assert.equal(await startAs({ 'x-user-id': ' ann ' }), 'ann');
    assert.equal(await startAs({ 'x-user-email': 'ann@example.org' }), 'ann@example.org');
    assert.equal(await startAs({ 'x-user-id': 'u-1', 'x-user-email': 'ann@example.org' }), 'u-1');
    for (const name of ['a b', 'ann;drop', '<script>', 'x'.repeat(201), 'ann, bob', '../root'])
      assert.equal(await codeOf({ 'x-user-id': name }), 'UNAUTHORIZED', name);
  });
});

describe('useIdentity where identities are configured', () => {
  const configured = { identity: { identity: 'configured' } } as const;

  it('answers nobody without credentials, save for the public routes', async () => {
    await using own = await openServer(configured);
    for (const path of [
      '/api/v1/me',
      '/api/v1/executions',
      '/api/v1/nothing',
      '/nothing',
      '/docs/../api/v1/me',
      '/auth/nothing',
      '/health/x',
    ]) {
      const answer = await own.get(path);
      const { details, message } = errorIn(answer, 'UNAUTHORIZED');
      assert.deepEqual(
        [details, message],
        [{ reason: 'missing_credentials' }, 'Cannot tell who calls: there are no credentials'],
      );
      assert.equal(answer.headers.get('www-authenticate'), 'Bearer realm="loopwright"');
    }
    errorIn(await own.post('/api/v1/workflows/plain/start', 'no json', { 'content-type': 'application/json' }), 'UNAUTHORIZED');
    for (const path of ['/health', '/ready', '/openapi.json', '/docs', '/docs/static/index.css'])
      assert.equal((await own.get(path)).status, 200, path);
    errorIn(await own.get('/auth/login'), 'LOGIN_NOT_CONFIGURED');
  });

  it('believes no development header, wherever it comes from', async () => {
    await using own = await openServer({ identity: { identity: 'configured', trustedProxies: ['127.0.0.0/8', '::1'] } });
    const headers = { 'x-user-id': 'root', 'x-user-email': 'root@example.org' };
    errorIn(await own.get('/api/v1/me', headers), 'UNAUTHORIZED');
  });

  it('refuses every wrong credential in the same words', async () => {
    await using own = await openServer(configured);
    const ann = await keyFor(own.identity, 'ann', 'viewer');
    const revoked = await keyFor(own.identity, 'ann', 'viewer');
    await own.identity.keys.revoke(revoked.id);
    const expired = await keyFor(own.identity, 'ann', 'viewer', { expiresAt: Date.now() + 1000 });
    await new Promise((resolve) => void setTimeout(resolve, 1010));
    const secret = ann.key.slice(12);
    const wrong = [
      `lw_${ann.id}_${'0'.repeat(43)}`,
      `lw_00000000_${secret}`,
      `${ann.key}0`,
      ann.key.slice(0, -1),
      ann.key.toLowerCase(),
      `lw_${ann.id}_`,
      'lw_',
      "lw_' OR 1=1 --",
      revoked.key,
      expired.key,
      'eyJhbGciOiJub25lIn0.e30.',
      'x',
    ].map((token) => `Bearer ${token}`);
    const answers = new Set<string>();
    for (const authorization of [...wrong, 'Basic YW5uOmFubg==', 'Bearer', `Token ${ann.key}`, ann.key, `Bearer ${ann.key} x`]) {
      const answer = await own.get('/api/v1/me', { authorization });
      const { request_id: _, ...error } = errorIn(answer, 'UNAUTHORIZED');
      answers.add(JSON.stringify([error, answer.headers.get('www-authenticate')]));
      assert.ok(!JSON.stringify(answer.body).includes(ann.id), 'the answer names the key');
    }
    assert.equal(answers.size, 1);
    assert.match([...answers][0] ?? '', /invalid_credentials.*error=\\"invalid_token/);
    assert.equal((await own.get('/api/v1/me', ann.headers)).status, 200);
  });

  it('takes the first credential that is there, and no other when it is wrong', async () => {
    await using own = await openServer();
    const ann = await keyFor(own.identity, 'ann', 'viewer');
    const me = async (headers: Record<string, string>): Promise<unknown> => (await own.get('/api/v1/me', headers)).body;
    assert.partialDeepStrictEqual(await me({ ...ann.headers, 'x-user-id': 'bob' }), {
      user_id: 'ann',
      method: 'api_key',
      role: 'viewer',
    });
    errorIn(await own.get('/api/v1/me', { authorization: 'Bearer lw_wrong', 'x-user-id': 'bob' }), 'UNAUTHORIZED');
    assert.partialDeepStrictEqual(await me({ 'x-user-id': 'bob' }), { user_id: 'bob', method: 'development', role: 'admin' });
  });

  it('takes tokens of a configured issuer, with the role that the token or the table gives', async () => {
    const key = await issuerKey('one');
    await using issuer = await openIssuer(key);
    const claims = {
      user_claim: null,
      email_claim: 'email',
      name_claim: 'name',
      role_claim: 'role',
      roles: { boss: 'admin' },
      projects_claim: 'p',
    } as const;
    const jwtIssuers = [
      {
        issuer: issuer.url,
        audience: 'lw',
        algorithms: ['ES256' as const],
        jwks_url: issuer.jwksUrl,
        token_types: ['JWT'],
        clock_tolerance_seconds: 0,
        max_life_seconds: null,
        claims,
      },
    ];
    await using own = await openServer({ identity: { jwtIssuers } });
    const exp = Math.floor(Date.now() / 1000) + 60;
    const token = (more: object): Promise<string> => signed(key, { iss: issuer.url, aud: 'lw', sub: 's', exp, ...more });
    const meOf = async (more: object): Promise<unknown> =>
      (await own.get('/api/v1/me', { authorization: `Bearer ${await token(more)}` })).body;
    const user = { user_id: `${issuer.url}|s`, method: 'jwt', csrf_token: null };
    assert.partialDeepStrictEqual(await meOf({ role: 'boss', name: 'Sue', p: { x: 'boss' } }), {
      ...user,
      role: 'admin',
      name: 'Sue',
      grants: [{ project_id: 'x', role: 'admin' }],
    });
    // A role of a token is the token's: without it the table counts.
    assert.partialDeepStrictEqual(await meOf({}), { ...user, role: 'viewer', name: 'Sue' });
    errorIn(await own.get('/api/v1/me', { authorization: `Bearer ${await token({ aud: 'other' })}` }), 'UNAUTHORIZED');
    errorIn(await own.get('/api/v1/me'), 'UNAUTHORIZED');
    issuer.answer(500);
  });

  it('says 503, and not 401, when the keys of an issuer cannot be had', async () => {
    const key = await issuerKey('one');
    await using issuer = await openIssuer(key);
    issuer.answer(500);
    const settings = { issuer: issuer.url, audience: 'lw', algorithms: ['ES256'], jwks_url: issuer.jwksUrl };
    await using own = await openServer({ identity: { jwtIssuers: [jwtIssuerSchema.parse(settings)] } });
    const token = await signed(key, { iss: issuer.url, aud: 'lw', sub: 's', exp: Math.floor(Date.now() / 1000) + 60 });
    errorIn(await own.get('/api/v1/me', { authorization: `Bearer ${token}` }), 'SERVICE_UNAVAILABLE');
  });

  it('keeps two users apart who come at once', async () => {
    await using own = await openServer(configured);
    const people = [
      { name: 'ann', headers: (await keyFor(own.identity, 'ann', 'operator')).headers },
      { name: 'bob', headers: (await keyFor(own.identity, 'bob', 'operator')).headers },
    ];
    const starts = Array.from({ length: 20 }, async (_, index) => {
      const { name, headers } = people[index % 2] ?? assert.fail();
      const answer = await own.post('/api/v1/workflows/plain/start', { project_id: 'p' }, headers);
      assert.equal(executionIn(answer, 201).started_by, name);
    });
    await Promise.all(starts);
  });

  it('notes who was there, at most once a minute', async () => {
    const clock = heldClock();
    await using own = await openServer({ ...configured, clock });
    const { headers, id } = await keyFor(own.identity, 'ann', 'viewer');
    const seen = async (): Promise<unknown[]> => {
      assert.equal((await own.get('/api/v1/me', headers)).status, 200);
      const user = await own.database.selectFrom('users').select('last_seen_at').where('user_id', '=', 'ann').executeTakeFirst();
      const key = await own.identity.keys.find(id);
      return [user?.last_seen_at, key?.last_used_at];
    };
    const first = clock.now();
    assert.deepEqual(await seen(), [first, first]);
    clock.pass(59_999);
    assert.deepEqual(await seen(), [first, first]);
    clock.pass(1);
    assert.deepEqual(await seen(), [first + 60_000, first + 60_000]);
  });
});

describe('a route that requires identity headers', () => {
  it('answers 401 in the words of seeds/001, unless somebody has credentials', async () => {
    const app = Fastify();
    app.setErrorHandler(answerError);
    await app.register(websocket);
    await using own = await openServer();
    useIdentity(app, own.identity, []);
    app.post('/runs', { config: { requiresIdentityHeaders: true } }, async ({ principal }) => ({
      user: principal.userId,
      email: principal.email,
    }));
    const post = async (headers: Record<string, string>) => app.inject({ method: 'POST', url: '/runs', headers });
    const both = { 'x-user-id': 'u-1', 'x-user-email': 'ann@example.org' };
    for (const headers of [{}, { 'x-user-id': 'u-1' }, { 'x-user-email': 'ann@example.org' }, { ...both, 'x-user-id': ' ' }]) {
      const answer = await post(headers);
      assert.equal(answer.statusCode, 401);
      assert.equal(answer.headers['www-authenticate'], 'Bearer realm="loopwright"');
      assert.equal(
        errorResponseSchema.parse(answer.json()).detail,
        'Missing user authentication headers (X-User-Id, X-User-Email)',
      );
    }
    assert.deepEqual((await post(both)).json(), { user: 'u-1', email: 'ann@example.org' });
    const row = await own.database.selectFrom('users').select(['name', 'email']).where('user_id', '=', 'u-1').executeTakeFirst();
    assert.deepEqual(row && { ...row }, { name: 'ann', email: 'ann@example.org' });
    assert.equal((await post((await keyFor(own.identity, 'eve', 'viewer')).headers)).statusCode, 200);
    assert.equal((await post({ ...both, 'x-user-email': 'no address' })).statusCode, 401);
    await app.close();
  });
});
