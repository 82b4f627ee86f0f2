import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { streamTicketSchema } from '@loopwright/protocol';
import { type TestServer, openServer, start, untilStatus } from '../app-fixture.ts';
import { cookieOf, keyFor } from '../identity-fixture.ts';

const GOOD = 'https://good.example';
/** What is not the listed origin, however much it looks like it. */
const OTHERS = [
  'null',
  'https://evil.example',
  'https://good.example.evil',
  'https://evilgood.example',
  'https://good.example:8443',
  'https://good.example:443',
  'http://good.example',
  'HTTPS://GOOD.EXAMPLE',
  'https://good.example/',
  'https://sub.good.example',
  'https://good.example, https://evil.example',
];
type Headers = Readonly<Record<string, string>>;
interface Plain {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

let configured: TestServer;
let development: TestServer;
let key: Awaited<ReturnType<typeof keyFor>>;
before(async () => {
  const protection = { corsOrigins: [GOOD] };
  configured = await openServer({ protection, identity: { identity: 'configured' } });
  development = await openServer({ protection });
  key = await keyFor(configured.identity, 'ann', 'admin');
});
after(async () => {
  await configured[Symbol.asyncDispose]();
  await development[Symbol.asyncDispose]();
});

/** A request as it goes over the wire: `fetch` would not let an `Origin` through. Of a stream, its head and its first part. */
function send(server: TestServer, method: string, path: string, headers: Headers = {}): Promise<Plain> {
  const { promise, resolve, reject } = Promise.withResolvers<Plain>();
  const request = httpRequest(server.url + path, { method, headers, agent: false }, (response) => {
    const isStream = String(response.headers['content-type']).startsWith('text/event-stream');
    let body = '';
    const done = (): void => resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
    response.setEncoding('utf8').on('end', done);
    response.on('error', () => undefined);
    response.on('data', (text: string) => {
      body += text;
      if (isStream) {
        done();
        request.destroy();
      }
    });
  });
  request.on('upgrade', (response, socket) => {
    resolve({ status: response.statusCode ?? 0, headers: response.headers, body: '' });
    socket.destroy();
  });
  request.on('error', reject);
  request.end();
  return promise;
}

const preflight = (server: TestServer, origin: string, path = '/api/v1/executions'): Promise<Plain> =>
  send(server, 'OPTIONS', path, {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type',
  });
const codeOf = ({ body }: Plain): unknown => JSON.parse(body).error_code;
const socketHeaders = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
};
const ticketOf = async (server: TestServer, headers: Headers): Promise<string> =>
  streamTicketSchema.parse((await server.post('/api/v1/stream-tickets', undefined, headers)).body).ticket ?? '';

describe('pages of other origins, without cors_origins', () => {
  it('are told nothing: no answer and no preflight has a header for them', async () => {
    await using closed = await openServer({ identity: { identity: 'configured' } });
    const { headers } = await keyFor(closed.identity, 'ann', 'admin');
    for (const answer of [
      await preflight(closed, GOOD),
      await send(closed, 'GET', '/health', { origin: GOOD }),
      await send(closed, 'GET', '/api/v1/me', { origin: GOOD, ...headers }),
    ]) {
      const names = Object.keys(answer.headers).filter((name) => name.startsWith('access-control'));
      assert.deepEqual(names, []);
      assert.equal(answer.headers['cross-origin-resource-policy'], 'same-origin');
    }
  });
});

describe('pages of a listed origin', () => {
  it('may ask first, and send what the API takes except cookies', async () => {
    for (const server of [configured, development]) {
      const { status, headers, body } = await preflight(server, GOOD);
      assert.deepEqual([status, body, headers['access-control-allow-origin']], [204, '', GOOD]);
      assert.equal(headers['access-control-allow-credentials'], undefined);
      assert.match(String(headers['access-control-allow-methods']), /GET, HEAD, POST, PUT, PATCH, DELETE/);
      for (const name of ['Authorization', 'Content-Type', 'Idempotency-Key', 'If-Match', 'Last-Event-ID'])
        assert.ok(String(headers['access-control-allow-headers']).split(', ').includes(name), name);
      assert.doesNotMatch(String(headers['access-control-allow-headers']), /cookie|csrf|x-user/i);
      assert.equal(headers['access-control-max-age'], '600');
      assert.match(String(headers['vary']), /\bOrigin\b/);
    }
  });

  it('use the API with a key in a header and read what answers say, refusals included', async () => {
    for (const server of [configured, development]) {
      const { headers: own } = await keyFor(server.identity, 'ann', 'admin');
      const answer = await send(server, 'GET', '/api/v1/workflows', { origin: GOOD, ...own });
      assert.deepEqual([answer.status, answer.headers['access-control-allow-origin']], [200, GOOD], answer.body);
      const exposed = String(answer.headers['access-control-expose-headers']).split(', ');
      for (const name of ['ETag', 'X-Request-Id', 'RateLimit', 'Retry-After', 'Idempotent-Replayed', 'Location', 'X-Next-Cursor'])
        assert.ok(exposed.includes(name), name);
      const same = { origin: GOOD, 'if-none-match': String(answer.headers['etag']), ...own };
      const again = await send(server, 'GET', '/api/v1/workflows', same);
      assert.deepEqual([again.status, again.headers['access-control-allow-origin']], [304, GOOD]);
      assert.match(String(again.headers['vary']), /\bOrigin\b/);
      const wrong = await send(server, 'GET', '/api/v1/workflows', { origin: GOOD, authorization: 'Bearer lw_none_x' });
      assert.deepEqual([wrong.status, wrong.headers['access-control-allow-origin']], [401, GOOD]);
      const missing = await send(server, 'GET', '/api/v1/executions/none', { origin: GOOD, ...own });
      assert.deepEqual([missing.status, missing.headers['access-control-allow-origin']], [404, GOOD]);
      assert.equal((await send(server, 'GET', '/health', { origin: GOOD })).status, 200);
    }
  });

  it('are not believed to be a developer of this machine', async () => {
    for (const headers of [{}, { 'x-user-id': 'ann' }]) {
      const answer = await send(development, 'GET', '/api/v1/me', { origin: GOOD, ...headers });
      assert.deepEqual([answer.status, codeOf(answer)], [403, 'FORBIDDEN']);
    }
    assert.equal((await send(development, 'GET', '/api/v1/me', { origin: development.url })).status, 200);
  });

  it('have nothing of a session: its cookie is refused from there, to read as well', async () => {
    const opened = await send(configured, 'POST', '/auth/session', key.headers);
    const cookie = cookieOf(opened.headers['set-cookie'], 'loopwright_session');
    assert.equal((await send(configured, 'GET', '/api/v1/me', { cookie })).status, 200);
    for (const origin of [GOOD, ...OTHERS]) {
      const answer = await send(configured, 'GET', '/api/v1/me', { cookie, origin });
      assert.deepEqual([answer.status, codeOf(answer)], [403, 'CSRF_REFUSED'], origin);
      assert.equal(answer.headers['access-control-allow-credentials'], undefined);
    }
    const both = await send(configured, 'GET', '/api/v1/me', { cookie, origin: GOOD, ...key.headers });
    assert.equal(JSON.parse(both.body).method, 'api_key', 'the header counts and not the cookie');
  });

  it('read streams with a key or a ticket, and not with a cookie', async () => {
    for (const server of [configured, development]) {
      const { headers: own } = await keyFor(server.identity, 'ann', 'admin');
      const sse = { accept: 'text/event-stream', origin: GOOD };
      const byKey = await send(server, 'GET', '/api/v1/events', { ...sse, ...own });
      assert.deepEqual([byKey.status, byKey.headers['access-control-allow-origin']], [200, GOOD], byKey.body);
      assert.match(String(byKey.headers['vary']), /\bOrigin\b/);
      const byTicket = await send(server, 'GET', `/api/v1/events?ticket=${await ticketOf(server, own)}`, sse);
      assert.deepEqual([byTicket.status, byTicket.headers['access-control-allow-origin']], [200, GOOD]);
      const socket = `/api/v1/ws/events?ticket=${await ticketOf(server, own)}`;
      assert.equal((await send(server, 'GET', socket, { ...socketHeaders, origin: GOOD })).status, 101);
      assert.equal((await send(server, 'GET', socket, { ...socketHeaders, origin: GOOD })).status, 401, 'a ticket is good once');
      const opened = await send(server, 'POST', '/auth/session', own);
      const cookie = cookieOf(opened.headers['set-cookie'], 'loopwright_session');
      for (const headers of [sse, { ...socketHeaders, origin: GOOD }]) {
        const path = 'accept' in headers ? '/api/v1/events' : '/api/v1/ws/events';
        assert.equal((await send(server, 'GET', path, { ...headers, cookie })).status, 403, path);
      }
    }
  });
});

describe('pages of any other origin', () => {
  it('get no header, whatever their origin looks like, and in development no answer', async () => {
    const { execution_id: id } = await start(development, 'plain');
    await untilStatus(development, id, 'completed');
    for (const origin of OTHERS) {
      for (const answer of [
        await preflight(configured, origin),
        await preflight(development, origin),
        await send(configured, 'GET', '/api/v1/me', { origin, ...key.headers }),
        await send(development, 'GET', '/api/v1/executions', { origin, accept: 'text/event-stream' }),
      ]) {
        assert.equal(answer.headers['access-control-allow-origin'], undefined, origin);
        assert.match(String(answer.headers['vary']), /\bOrigin\b/, origin);
      }
      for (const [path, headers] of [
        [`/api/v1/executions/${id}`, {}],
        ['/api/v1/events', { accept: 'text/event-stream' }],
        ['/api/v1/ws/events', socketHeaders],
      ] as const)
        assert.equal((await send(development, 'GET', path, { ...headers, origin })).status, 403, `${origin} ${path}`);
    }
  });

  it('leave OPTIONS what it is where nobody asks for permission', async () => {
    const { headers } = await keyFor(configured.identity, 'ann', 'admin');
    for (const [server, own] of [
      [configured, headers],
      [development, {}],
    ] as const)
      for (const origin of [{}, { origin: GOOD, ...(await keyFor(server.identity, 'ann', 'admin')).headers }]) {
        const answer = await send(server, 'OPTIONS', '/api/v1/executions', { ...own, ...origin });
        assert.deepEqual([answer.status, answer.headers['allow']], [204, 'GET, HEAD, OPTIONS']);
        assert.equal((await send(server, 'OPTIONS', '/api/v1/nothing', { ...own, ...origin })).status, 404);
      }
  });
});
