import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { errorResponseSchema, meSchema, openedSessionSchema, sessionListSchema, streamTicketSchema } from '@loopwright/protocol';
import { heldClock } from '../../identity/clock-fixture.ts';
import { type TestServer, openServer, startReview } from '../app-fixture.ts';
import { cookieOf, keyFor } from '../identity-fixture.ts';

type Headers = Readonly<Record<string, string>>;
type Method = 'GET' | 'POST' | 'DELETE';

const NAME = '__Host-loopwright_session';
const ORIGIN = 'https://loopwright.example';
const HOST = 'loopwright.example';
const clock = heldClock();
let server: TestServer;
let ann: Awaited<ReturnType<typeof keyFor>>;
before(async () => {
  server = await openServer({ identity: { identity: 'configured', publicUrl: ORIGIN }, clock });
  ann = await keyFor(server.identity, 'ann', 'operator');
});
after(() => server[Symbol.asyncDispose]());

const send = (method: Method, url: string, headers: Headers = {}, payload?: object) =>
  server.app.inject({ method, url, headers: { host: HOST, ...headers }, ...(payload === undefined ? {} : { payload }) });

/** Logs in; gives what a page of the server then sends. */
async function logIn(headers: Headers = ann.headers, more: Headers = {}) {
  const answer = await send('POST', '/auth/session', { ...headers, ...more });
  assert.equal(answer.statusCode, 201, answer.body);
  const cookie = cookieOf(answer.headers['set-cookie'], NAME);
  const { csrf_token: csrf, session_id: id } = openedSessionSchema.parse(answer.json());
  return {
    id,
    cookie,
    csrf,
    headers: { cookie },
    page: { cookie, origin: ORIGIN, 'sec-fetch-site': 'same-origin', 'x-csrf-token': csrf },
  };
}
const codeOf = (answer: { json: () => unknown }): string => errorResponseSchema.parse(answer.json()).error_code;
const whoIs = async (headers: Headers): Promise<number> => (await send('GET', '/api/v1/me', headers)).statusCode;
const START = '/api/v1/workflows/plain/start';

describe('POST /auth/session', () => {
  it('sets a cookie that scripts, other sites and other hosts have nothing of', async () => {
    const answer = await send('POST', '/auth/session', ann.headers);
    const cookie = String(answer.headers['set-cookie']);
    assert.match(cookie, /^__Host-loopwright_session=[0-9A-Za-z]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=43200; Secure$/);
    assert.equal(answer.headers['cache-control'], 'no-store');
    const secret = /=(\w{43});/.exec(cookie)?.[1] ?? '';
    assert.ok(!answer.body.includes(secret));
    const rows = JSON.stringify(await server.database.selectFrom('sessions').selectAll().execute());
    assert.ok(!rows.includes(secret), 'the value of the cookie is stored');
  });

  it('opens a session that may what the key may, and takes nothing but a key', async () => {
    const narrow = await keyFor(server.identity, 'ann', 'operator', {
      roleCap: 'viewer',
      scopes: ['executions:read'],
      projects: ['p1'],
    });
    const { headers, id, csrf } = await logIn(narrow.headers);
    const me = meSchema.parse((await send('GET', '/api/v1/me', headers)).json());
    assert.partialDeepStrictEqual(me, {
      user_id: 'ann',
      method: 'session',
      role: 'viewer',
      role_cap: 'viewer',
      scopes: ['executions:read'],
      projects: ['p1'],
      credential_id: id,
      csrf_token: csrf,
    });
    assert.equal((await send('POST', '/auth/session')).statusCode, 401);
    const { page } = await logIn();
    assert.equal(codeOf(await send('POST', '/auth/session', page)), 'FORBIDDEN');
  });

  it('does not let the page of somebody else log its visitor in', async () => {
    for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }, { origin: 'null' }])
      assert.equal(codeOf(await send('POST', '/auth/session', { ...ann.headers, ...headers })), 'CSRF_REFUSED');
  });

  it('gives a new value at every login, and the session that the browser brought ends: nobody can plant one', async () => {
    const eve = await keyFor(server.identity, 'eve', 'viewer');
    const planted = await logIn(eve.headers);
    const own = await logIn(ann.headers, { cookie: planted.cookie });
    assert.notEqual(own.cookie, planted.cookie);
    assert.equal(await whoIs(planted.headers), 401);
    assert.partialDeepStrictEqual((await send('GET', '/api/v1/me', own.headers)).json(), { user_id: 'ann' });
    const chosen = `${NAME}=${'A'.repeat(43)}`;
    const fresh = await logIn(ann.headers, { cookie: chosen });
    assert.notEqual(fresh.cookie, chosen);
    assert.equal(await whoIs({ cookie: chosen }), 401);
  });
});

describe('a session', () => {
  it('ends without a request for an hour, and after twelve in any case', async () => {
    const idle = await logIn();
    clock.pass(60 * 60_000 - 1);
    assert.equal(await whoIs(idle.headers), 200);
    clock.pass(60 * 60_000 - 1);
    assert.equal(await whoIs(idle.headers), 200);
    clock.pass(60 * 60_000);
    assert.equal(await whoIs(idle.headers), 401);
    const busy = await logIn();
    for (let hour = 0; hour < 12; hour += 0.5) {
      assert.equal(await whoIs(busy.headers), 200);
      clock.pass(30 * 60_000);
    }
    assert.equal(await whoIs(busy.headers), 401);
  });

  it('ends with its key: revoked, or expired', async () => {
    const short = await keyFor(server.identity, 'ann', 'operator', { expiresAt: clock.now() + 60_000 });
    const ofShort = await logIn(short.headers);
    clock.pass(60_000);
    assert.equal(await whoIs(ofShort.headers), 401);
    const key = await keyFor(server.identity, 'ann', 'operator');
    const session = await logIn(key.headers);
    await send('DELETE', `/api/v1/api-keys/${key.id}`, ann.headers);
    assert.equal(await whoIs(session.headers), 401);
  });

  it('ends when its key gets a new secret at once, and outlives a change that was announced', async () => {
    const key = await keyFor(server.identity, 'ann', 'operator');
    const session = await logIn(key.headers);
    const rotate = (body: object) => send('POST', `/api/v1/api-keys/${key.id}/rotate`, ann.headers, body);
    assert.equal((await rotate({ grace_seconds: 60 })).statusCode, 200);
    assert.equal(await whoIs(session.headers), 200);
    assert.equal((await rotate({})).statusCode, 200);
    assert.equal(await whoIs(session.headers), 401);
  });

  it('is not believed when two cookies of its name come, or one that is no session', async () => {
    const { cookie } = await logIn();
    const other = await logIn();
    for (const odd of [
      `${cookie}; ${other.cookie}`,
      `${cookie}; ${cookie}`,
      `${cookie}x`,
      `${NAME}=`,
      cookie.replace('__Host-', ''),
    ])
      assert.equal(await whoIs({ cookie: odd }), 401, odd);
    assert.equal(await whoIs({ cookie: `theme=dark; ${cookie}; x=y` }), 200);
  });

  it('is seen and ended by its owner only', async () => {
    const { headers: bob } = await keyFor(server.identity, 'bob', 'admin');
    const [one, two] = [await logIn(), await logIn()];
    const list = sessionListSchema.parse((await send('GET', '/api/v1/sessions', two.headers)).json()).sessions;
    assert.deepEqual(list.find(({ session_id: id }) => id === two.id)?.current, true);
    assert.deepEqual(list.find(({ session_id: id }) => id === one.id)?.current, false);
    assert.deepEqual(sessionListSchema.parse((await send('GET', '/api/v1/sessions', bob)).json()).sessions, []);
    assert.equal(codeOf(await send('DELETE', `/api/v1/sessions/${one.id}`, bob)), 'SESSION_NOT_FOUND');
    assert.equal((await send('DELETE', `/api/v1/sessions/${one.id}`, two.page)).statusCode, 200);
    assert.deepEqual([await whoIs(one.headers), await whoIs(two.headers)], [401, 200]);
  });

  it('is one of fifty at most: the oldest of the user goes', async () => {
    const { headers } = await keyFor(server.identity, 'many', 'viewer');
    const first = await logIn(headers);
    clock.pass(1);
    for (let count = 1; count < 50; count += 1) await logIn(headers);
    assert.equal(await whoIs(first.headers), 200);
    await logIn(headers);
    assert.equal(await whoIs(first.headers), 401);
  });

  it('ends at logout, which removes the cookie', async () => {
    const { page, headers } = await logIn();
    const answer = await send('POST', '/auth/logout', page);
    assert.deepEqual(answer.json(), { end_session_url: null });
    assert.match(String(answer.headers['set-cookie']), new RegExp(`^${NAME}=; .*Max-Age=0`));
    assert.equal(await whoIs(headers), 401);
    assert.equal(codeOf(await send('POST', '/auth/logout', ann.headers)), 'FORBIDDEN');
  });

  it('has a cookie without TLS on loopback only', async () => {
    await using local = await openServer({ identity: { identity: 'configured' } });
    const { headers } = await keyFor(local.identity, 'ann', 'viewer');
    const answer = await local.post('/auth/session', undefined, headers);
    assert.match(
      answer.headers.get('set-cookie') ?? '',
      /^loopwright_session=\w{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+$/,
    );
    await using far = await openServer({ identity: { host: '0.0.0.0' } });
    const { headers: other } = await keyFor(far.identity, 'ann', 'viewer');
    assert.match((await far.post('/auth/session', undefined, other)).headers.get('set-cookie') ?? '', /^__Host-.*; Secure$/);
  });
});

describe('a request of a session that changes something', () => {
  const start = (headers: Headers) => send('POST', START, headers, { project_id: 'p' });

  it('comes from a page of the server itself and has the token of the session', async () => {
    const { page, headers, csrf } = await logIn();
    assert.equal((await start(page)).statusCode, 201);
    assert.equal((await start({ ...headers, origin: ORIGIN, 'x-csrf-token': csrf })).statusCode, 201);
    assert.equal((await start({ ...headers, 'sec-fetch-site': 'same-origin', 'x-csrf-token': csrf })).statusCode, 201);
  });

  it('is refused from anywhere else, and without the token', async () => {
    const { page, headers, csrf } = await logIn();
    const other = await logIn();
    const attacks: Headers[] = [
      headers,
      { ...headers, 'x-csrf-token': csrf },
      { ...headers, origin: ORIGIN },
      { ...page, origin: 'https://evil.example' },
      { ...page, origin: 'https://sub.loopwright.example' },
      { ...page, origin: 'http://loopwright.example' },
      { ...page, origin: 'https://loopwright.example.evil.example' },
      { ...page, origin: 'null' },
      { ...page, origin: '' },
      { ...page, 'sec-fetch-site': 'cross-site' },
      { ...page, 'sec-fetch-site': 'same-site' },
      { ...page, 'sec-fetch-site': 'none' },
      { ...page, 'x-csrf-token': '' },
      { ...page, 'x-csrf-token': other.csrf },
      { ...page, 'x-csrf-token': `${csrf}x` },
      { ...page, host: 'evil.example', origin: 'https://evil.example' },
    ];
    for (const attack of attacks) assert.equal(codeOf(await start(attack)), 'CSRF_REFUSED', JSON.stringify(attack));
    assert.equal(codeOf(await send('DELETE', `/api/v1/sessions/${other.id}`, headers)), 'CSRF_REFUSED');
    assert.equal(codeOf(await send('POST', '/auth/logout', headers)), 'CSRF_REFUSED');
  });

  it('needs neither when it is a key that proves who sends it, whatever cookie comes along', async () => {
    const { headers } = await logIn();
    assert.equal((await start(ann.headers)).statusCode, 201);
    assert.equal((await start({ ...headers, ...ann.headers })).statusCode, 201);
  });
});

/** Asks for a WebSocket with headers; gives the status, and for 101 the socket's way to end. */
function upgrade(path: string, headers: Headers): Promise<{ status: number; closed: Promise<void>; close: () => void }> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest(server.url + path, {
      agent: false,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        host: HOST,
        ...headers,
      },
    });
    asked.on('error', reject);
    asked.on('response', (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0, closed: Promise.resolve(), close: () => response.destroy() });
    });
    asked.on('upgrade', (_response, socket) => {
      const closed = new Promise<void>((done) => void socket.once('close', done));
      socket.on('error', () => undefined).resume();
      resolve({ status: 101, closed, close: () => socket.destroy() });
    });
    asked.end();
  });
}

describe('a stream', () => {
  let path: string;
  before(async () => {
    await using local = await openServer();
    await startReview(local);
    const answer = await server.post(
      '/api/v1/workflows/review/start',
      { project_id: 'p', initial_context: { text: 'x' } },
      ann.headers,
    );
    path = `/api/v1/ws/executions/${(answer.body as { execution_id: string }).execution_id}`;
  });
  const ticketFor = async (headers: Headers): Promise<string> => {
    const answer = await send('POST', '/api/v1/stream-tickets', headers);
    assert.equal(answer.statusCode, 201, answer.body);
    return streamTicketSchema.parse(answer.json()).ticket ?? '';
  };

  it('opens with a key, and with a session from a page of the server only', async () => {
    const { headers } = await logIn();
    const statusOf = async (more: Headers): Promise<number> => {
      const { status, close } = await upgrade(path, more);
      close();
      return status;
    };
    assert.equal(await statusOf(ann.headers), 101);
    assert.equal(await statusOf({ ...headers, origin: ORIGIN }), 101);
    assert.equal(await statusOf({}), 401);
    for (const origin of ['https://evil.example', 'null', 'http://loopwright.example'])
      assert.equal(await statusOf({ ...headers, origin }), 403);
    assert.equal(await statusOf(headers), 403);
  });

  it('opens with a ticket once, for half a minute, and never with a key in the URL', async () => {
    const { page } = await logIn();
    const ticket = await ticketFor(page);
    const opened = await upgrade(`${path}?after=0&ticket=${ticket}`, {});
    assert.equal(opened.status, 101);
    opened.close();
    assert.equal((await upgrade(`${path}?ticket=${ticket}`, {})).status, 401);
    const late = await ticketFor(ann.headers);
    clock.pass(30_000);
    assert.equal((await upgrade(`${path}?ticket=${late}`, {})).status, 401);
    for (const query of [
      `ticket=${ann.key}`,
      `access_token=${ann.key}`,
      `token=${ann.key}`,
      'ticket=',
      `ticket=${late}&ticket=${late}`,
    ])
      assert.equal((await upgrade(`${path}?${query}`, {})).status, 401);
    // A ticket is for streams: nothing else takes it.
    assert.equal((await send('GET', `/api/v1/me?ticket=${await ticketFor(ann.headers)}`)).statusCode, 401);
    assert.equal(
      (await send('POST', `${START}?ticket=${await ticketFor(ann.headers)}`, { accept: 'text/event-stream' })).statusCode,
      401,
    );
    const sse = await send('GET', `/api/v1/me?ticket=${await ticketFor(ann.headers)}`, { accept: 'text/event-stream' });
    assert.equal(sse.statusCode, 200);
  });

  it('has a limit of tickets that nobody uses, and withdraws those of a key that is revoked', async () => {
    const { headers, id } = await keyFor(server.identity, 'tickets', 'viewer');
    const first = await ticketFor(headers);
    for (let count = 1; count < 100; count += 1) await ticketFor(headers);
    assert.equal(codeOf(await send('POST', '/api/v1/stream-tickets', headers)), 'LIMIT_EXCEEDED');
    await ticketFor(ann.headers);
    await send('DELETE', `/api/v1/api-keys/${id}`, headers);
    assert.equal((await upgrade(`${path}?ticket=${first}`, {})).status, 401);
  });

  it('ends when the credential that opened it does', async () => {
    const key = await keyFor(server.identity, 'ann', 'operator');
    const session = await logIn(key.headers);
    const ticket = await ticketFor(key.headers);
    const streams = await Promise.all([
      upgrade(path, key.headers),
      upgrade(path, { ...session.headers, origin: ORIGIN }),
      upgrade(`${path}?ticket=${ticket}`, {}),
    ]);
    const untouched = await upgrade(path, ann.headers);
    assert.deepEqual(
      streams.map(({ status }) => status),
      [101, 101, 101],
    );
    await send('DELETE', `/api/v1/api-keys/${key.id}`, ann.headers);
    await Promise.all(streams.map(({ closed }) => closed));
    const short = await keyFor(server.identity, 'ann', 'operator', { expiresAt: clock.now() + 1000 });
    const brief = await upgrade(path, short.headers);
    const loggedIn = await logIn();
    const ofSession = await upgrade(path, { ...loggedIn.headers, origin: ORIGIN });
    clock.pass(1000);
    await brief.closed;
    await send('POST', '/auth/logout', loggedIn.page);
    await ofSession.closed;
    assert.equal(await Promise.race([untouched.closed.then(() => 'closed'), Promise.resolve('open')]), 'open');
    untouched.close();
  });
});
