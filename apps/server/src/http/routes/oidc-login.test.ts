import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, beforeEach, describe, it } from 'node:test';
import { errorResponseSchema, meSchema } from '@loopwright/protocol';
import { type HeldClock, heldClock } from '../../identity/clock-fixture.ts';
import { issuerKey, rawToken, signed } from '../../identity/jwt/issuer-fixture.ts';
import { oidcSchema } from '../../identity/oidc/oidc-settings.ts';
import { type Misconduct, type TestProvider, openProvider, unsigned } from '../../identity/oidc/provider-fixture.ts';
import { type TestServer, openServer } from '../app-fixture.ts';
import { cookieOf, keyFor } from '../identity-fixture.ts';

const dashboard = { page: '<!doctype html>', assets: new Map() };
let dir: string;
let server: TestServer;
let provider: TestProvider;
let clock: HeldClock;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loopwright-oidc-'));
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  provider = await openProvider(`${publicUrl}/auth/callback`);
  clock = heldClock(Date.now());
  await writeFile(join(dir, 'secret'), `${provider.clientSecret}\n`);
  const oidc = oidcSchema.parse({
    issuer: provider.issuer,
    client_id: provider.clientId,
    client_secret_file: join(dir, 'secret'),
    claims: { role_claim: 'groups', roles: { staff: 'operator' } },
  });
  server = await openServer({ port, logLevel: 'trace', clock, identity: { oidc, publicUrl }, dashboard });
});
beforeEach(() => provider.behave({}));
after(async () => {
  await server[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
  await rm(dir, { recursive: true });
});

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address !== null ? address.port : assert.fail();
}

const visit = (url: string, cookie = ''): Promise<Response> =>
  fetch(url, { redirect: 'manual', headers: cookie === '' ? {} : { cookie } });
const locationOf = (response: Response): string =>
  response.headers.get('location') ?? assert.fail(`no redirect but ${response.status}`);

/** Goes to the provider; gives the cookie that the browser keeps, and the address with which it comes back. */
async function goToProvider(returnTo = '/runs?x=1', cookie = ''): Promise<{ pending: string; back: string }> {
  const begun = await visit(`${server.url}/auth/login?return_to=${encodeURIComponent(returnTo)}`, cookie);
  const pending = cookieOf(begun.headers.getSetCookie(), 'loopwright_login');
  return { pending, back: locationOf(await visit(locationOf(begun))) };
}

/** The session's cookie of a login that must succeed. */
async function logIn(returnTo?: string, cookie = ''): Promise<{ session: string; location: string; setCookies: string[] }> {
  const { pending, back } = await goToProvider(returnTo);
  const done = await visit(back, [pending, cookie].filter(Boolean).join('; '));
  assert.equal(done.status, 302, await done.text());
  const setCookies = done.headers.getSetCookie();
  return { session: cookieOf(setCookies, 'loopwright_session'), location: locationOf(done), setCookies };
}

async function refusedBack(back: string, pending: string): Promise<void> {
  const answer = await visit(back, pending);
  const error = errorResponseSchema.parse(await answer.json());
  assert.deepEqual([answer.status, error.error_code, error.details], [401, 'UNAUTHORIZED', { reason: 'login_failed' }]);
  assert.ok(answer.headers.getSetCookie().every((cookie) => !cookie.startsWith('loopwright_session=')));
}

const meOf = async (cookie: string) => meSchema.parse(await (await visit(`${server.url}/api/v1/me`, cookie)).json());

describe('logging in at an OpenID provider', () => {
  it('opens a session with what the provider says, by a code that PKCE protects', async () => {
    const { session, location, setCookies } = await logIn();
    assert.equal(location, '/runs?x=1');
    assert.match(setCookies.join('\n'), /loopwright_login=; Path=\/; HttpOnly; SameSite=Lax; Max-Age=0/);
    assert.match(setCookies.join('\n'), /loopwright_session=\w{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=43200/);
    assert.partialDeepStrictEqual(await meOf(session), {
      user_id: `${provider.issuer}|p-1`,
      email: 'ann@example.org',
      name: 'Ann',
      method: 'session',
      role: 'operator',
      scopes: null,
    });
    assert.deepEqual(provider.refusals, []);
  });

  it('asks for state, nonce and challenge that are new each time', async () => {
    const addresses = await Promise.all([1, 2].map(async () => new URL(locationOf(await visit(`${server.url}/auth/login`)))));
    for (const name of ['state', 'nonce', 'code_challenge']) {
      const [one, two] = addresses.map(({ searchParams }) => searchParams.get(name));
      assert.ok(one !== two && (one?.length ?? 0) >= 43, name);
    }
  });

  it('comes back to pages of this server only', async () => {
    const elsewhere = [
      'https://evil.example',
      '//evil.example',
      '/\\evil.example',
      '/\t/evil.example',
      'javascript:alert(1)',
      '/.//evil.example',
    ];
    for (const place of [...elsewhere, 'runs', '', '/\u0000', '/%0d%0aset-cookie:x=1\r\nx: y', '/..//evil.example'])
      assert.match((await logIn(place)).location, /^\/(?![/\\])/, place);
    assert.equal((await logIn('//evil.example')).location, '/');
    assert.equal((await logIn('/a/../b?c=d#e')).location, '/b?c=d#e');
  });

  it('ends the session that the browser brought', async () => {
    const eve = await keyFor(server.identity, 'eve', 'viewer');
    const planted = cookieOf(
      (await server.post('/auth/session', undefined, eve.headers)).headers.getSetCookie(),
      'loopwright_session',
    );
    const { session } = await logIn('/', planted);
    assert.notEqual(session, planted);
    assert.equal((await visit(`${server.url}/api/v1/me`, planted)).status, 401);
  });

  it('ends here and, where the provider has a place for that, there', async () => {
    const { session } = await logIn();
    const { csrf_token: token } = await meOf(session);
    const headers = { cookie: session, origin: server.url, 'x-csrf-token': token ?? '' };
    const { status, body } = await server.post('/auth/logout', undefined, headers);
    const url = new URL((body as { end_session_url: string }).end_session_url);
    assert.deepEqual([status, url.origin + url.pathname], [200, `${provider.issuer}/logout`]);
    assert.deepEqual(
      [url.searchParams.get('client_id'), url.searchParams.get('post_logout_redirect_uri')],
      [provider.clientId, `${server.url}/`],
    );
    assert.equal((await visit(`${server.url}/api/v1/me`, session)).status, 401);
  });
});

describe('the audit log', () => {
  const entriesOf = async (kind: string) =>
    server.database
      .selectFrom('audit')
      .selectAll()
      .where('operation', '=', 'GET /auth/callback')
      .where('kind', '=', kind as 'outcome')
      .orderBy('seq', 'desc')
      .execute();

  it('says who logged in, from where, at which provider and into which session', async () => {
    const { session } = await logIn();
    const { user_id: userId, credential_id: sessionId } = await meOf(session);
    const [entry] = await entriesOf('outcome');
    assert.partialDeepStrictEqual(entry, {
      user_id: userId,
      method: 'oidc',
      credential_id: sessionId,
      object_kind: 'session',
      object_id: sessionId,
      address: '127.0.0.1',
      status: 302,
    });
    assert.match(entry?.request_id ?? '', /^[0-9a-f-]{36}$/);
    assert.partialDeepStrictEqual(JSON.parse(entry?.after ?? ''), { provider: provider.issuer, role: 'operator' });
    const secrets = [session.split('=')[1] ?? '-', provider.clientSecret];
    for (const secret of secrets) assert.ok(!JSON.stringify(entry).includes(secret));
  });

  it('says who was not let in and why', async () => {
    const { pending, back } = await goToProvider();
    await refusedBack(back.replace(/state=[^&]+/, 'state=other'), pending);
    const [entry] = await entriesOf('refused');
    assert.partialDeepStrictEqual(entry, { user_id: null, method: 'oidc', address: '127.0.0.1', status: 401 });
    const said = JSON.parse(entry?.after ?? '');
    assert.partialDeepStrictEqual(said, { error_code: 'UNAUTHORIZED', provider: provider.issuer });
    assert.match(said.reason, /state/);
  });

  it('lets nobody in of whom it cannot say so', async () => {
    const { pending, back } = await goToProvider();
    const sessions = () => server.database.selectFrom('sessions').select('session_id').execute();
    const open = await sessions();
    const raw = new DatabaseSync(join(server.dir, 'server.db'));
    raw.exec(`CREATE TRIGGER refuse BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no'); END`);
    const answer = await visit(back, pending);
    raw.exec('DROP TRIGGER refuse');
    raw.close();
    assert.equal(answer.status, 503);
    assert.equal(errorResponseSchema.parse(await answer.json()).error_code, 'AUDIT_FAILED');
    assert.ok(answer.headers.getSetCookie().every((cookie) => !cookie.startsWith('loopwright_session=')));
    assert.deepEqual(await sessions(), open);
  });
});

describe('a login is refused', () => {
  it('in another browser than the one that began it, without state, or with that of another login', async () => {
    const { pending, back } = await goToProvider();
    const other = await goToProvider();
    await refusedBack(back, '');
    await refusedBack(back, other.pending);
    await refusedBack(back.replace(/state=[^&]+/, 'state='), pending);
    await refusedBack(back.replace(/&?state=[^&]+/, ''), pending);
    await refusedBack(`${server.url}/auth/callback`, pending);
    await refusedBack(back, `${pending}; ${other.pending}`);
    for (const odd of ['e30', 'x', Buffer.from('{"state":1}').toString('base64url')])
      await refusedBack(back, `loopwright_login=${odd}`);
  });

  it('when the answer comes twice, or another code is put in', async () => {
    const { pending, back } = await goToProvider();
    assert.equal((await visit(back, pending)).status, 302);
    await refusedBack(back, pending);
    const [mine, theirs] = [await goToProvider(), await goToProvider()];
    const code = new URL(theirs.back).searchParams.get('code') ?? '';
    await refusedBack(mine.back.replace(/code=[^&]+/, `code=${code}`), mine.pending);
    assert.ok(provider.refusals.includes('token: code or verifier'));
  });

  it('to people on the page to sign in, which keeps where they wanted to go, and to the audit log', async () => {
    const asPerson = (url: string, cookie: string): Promise<Response> =>
      fetch(url, { redirect: 'manual', headers: { cookie, accept: 'text/html,*/*;q=0.8' } });
    const { pending, back } = await goToProvider('/programs?q=a');
    const refused = await asPerson(back.replace(/state=[^&]+/, 'state=other'), pending);
    assert.equal(locationOf(refused), '../sign-in?problem=refused&return_to=%2Fprograms%3Fq%3Da');
    assert.ok(refused.headers.getSetCookie().every((cookie) => cookie.startsWith('loopwright_login=;')));
    const last = server.database.selectFrom('audit').select(['kind', 'status', 'after']).orderBy('seq', 'desc');
    const entry = await last.executeTakeFirstOrThrow();
    assert.deepEqual([entry.kind, entry.status], ['refused', 302]);
    assert.match(entry.after ?? '', /state/);
    provider.behave({ isAway: true });
    assert.equal(locationOf(await asPerson(back, pending)), '../sign-in?problem=unavailable&return_to=%2Fprograms%3Fq%3Da');
    await using none = await openServer({ identity: { identity: 'configured' }, dashboard });
    const missing = await asPerson(`${none.url}/auth/login?return_to=//evil.example`, '');
    assert.equal(locationOf(missing), '../sign-in?problem=not_configured&return_to=%2F');
  });

  it('after ten minutes', async () => {
    const { pending, back } = await goToProvider();
    clock.pass(10 * 60_000 + 1);
    await refusedBack(back, pending);
  });

  it('when the person or the provider says no', async () => {
    provider.behave({ callback: { error: 'access_denied', code: '' } });
    const { pending, back } = await goToProvider();
    await refusedBack(back, pending);
  });

  it('when another provider answers (mix-up)', async () => {
    provider.behave({ callback: { iss: 'https://evil.example' } });
    const { pending, back } = await goToProvider();
    await refusedBack(back, pending);
  });

  it('with an ID token that is not right in every respect', async () => {
    const now = Math.floor(Date.now() / 1000);
    const other = await issuerKey('op-1', 'RS256');
    const confused = (claims: object): string => {
      const text = rawToken({ alg: 'HS256', typ: 'JWT', kid: 'op-1' }, claims).slice(0, -1);
      return `${text}.${createHmac('sha256', provider.clientSecret).update(text).digest('base64url')}`;
    };
    const { nonce: _, ...withoutNonce } = { nonce: '' };
    const wrong: Record<string, [Misconduct, RegExp]> = {
      'another nonce': [{ claims: (right) => ({ ...right, nonce: 'x'.repeat(43) }) }, /ID Token .{2}nonce/],
      'no nonce': [{ claims: ({ nonce: __, ...right }) => ({ ...right, ...withoutNonce }) }, /JWT .{2}nonce/],
      'another audience': [{ claims: (right) => ({ ...right, aud: 'another-client' }) }, /JWT .{2}aud/],
      'another authorized party': [
        { claims: (right) => ({ ...right, aud: [provider.clientId, 'x'], azp: 'x' }) },
        /ID Token .{2}azp/,
      ],
      'another issuer': [{ claims: (right) => ({ ...right, iss: 'https://evil.example' }) }, /JWT .{2}iss/],
      expired: [{ claims: (right) => ({ ...right, iat: now - 7200, exp: now - 3600 }) }, /JWT .{2}exp/],
      'no end': [{ claims: ({ exp: __, ...right }) => right }, /JWT .{2}exp/],
      'no subject': [{ claims: ({ sub: __, ...right }) => right }, /JWT .{2}sub/],
      'a subject nobody can read': [{ claims: (right) => ({ ...right, sub: 'a\u0000b' }) }, /claims name no user/],
      'the key of somebody else': [{ idToken: (claims) => signed(other, claims) }, /signature verification failed/],
      'no signature': [{ idToken: unsigned }, /JWT .{2}alg/],
      'the secret of the client in place of the key': [{ idToken: confused }, /JWT .{2}alg/],
      'no token at all': [{ idToken: null }, /id_token/],
      'no token but a text': [{ idToken: () => 'a.b.c' }, /parse JWT Header/],
    };
    for (const [name, [misconduct, cause]] of Object.entries(wrong)) {
      provider.behave(misconduct);
      const { pending, back } = await goToProvider();
      await refusedBack(back, pending).catch((error: unknown) => assert.fail(`${name}: ${String(error)}`));
      assert.match(server.log.findLast((line) => line.includes('Refused a login')) ?? '', cause, name);
    }
  });

  it('with 503 while the provider is away, and works again afterwards', async () => {
    const { pending, back } = await goToProvider();
    provider.behave({ isAway: true });
    const answer = await visit(back, pending);
    assert.equal(answer.status, 503, await answer.text());
    provider.behave({});
    await logIn();
  });
});

describe('the provider at the start', () => {
  it('may be away: then logging in says so until it is there, and everything else works', async () => {
    provider.behave({ isAway: true });
    const settings = { issuer: provider.issuer, client_id: provider.clientId };
    await using late = await openServer({ identity: { oidc: oidcSchema.parse(settings), publicUrl: server.url } });
    assert.equal((await late.get('/auth/login')).status, 503);
    assert.equal((await late.get('/health')).status, 200);
    provider.behave({});
    assert.equal((await visit(`${late.url}/auth/login`)).status, 302);
  });
});
