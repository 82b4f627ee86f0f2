import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { errorResponseSchema } from '@loopwright/protocol';
import { type TestServer, openServer, start, untilStatus } from '../app-fixture.ts';

// What no HTTP client would send by itself, byte by byte.
let server: TestServer;
let execution = '';
before(async () => {
  server = await openServer();
  ({ execution_id: execution } = await start(server, 'plain'));
  await untilStatus(server, execution, 'completed');
  for (const id of ['a', 'b'])
    await server.programs.store('echo', { id, source: 'export const run = (x: string): string => x;' });
  await server.programs.setActive('echo', 1, { record: { id: 'p1' } });
});
after(() => server[Symbol.asyncDispose]());

interface Received {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

const HOST = 'Host: 127.0.0.1';
const JSON_TYPE = 'Content-Type: application/json';
const START = '/api/v1/workflows/plain/start';
const STARTED = '{"project_id":"p"}';

/** Sends bytes and gives what comes back until the server closes. */
async function sendBytes(...parts: (string | Buffer)[]): Promise<Received> {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  for (const part of parts) socket.write(part);
  const [head = '', ...body] = (await text(socket)).replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, '').split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), head: head.toLowerCase(), body: body.join('\r\n\r\n') };
}

const send = (line: string, headers: string[] = [], body: string | Buffer = ''): Promise<Received> =>
  sendBytes(
    `${line} HTTP/1.1\r\n${[HOST, ...headers].join('\r\n')}\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`,
    body,
  );
const post = (headers: string[], body: string | Buffer = STARTED): Promise<Received> => send(`POST ${START}`, headers, body);

/** The error of an answer, in the one form. */
function errorOf({ status, body }: Received, title: string): string {
  const error = errorResponseSchema.parse(JSON.parse(body));
  assert.equal(error.status, status, title);
  return error.error_code;
}
const tagOf = ({ head }: Received): string => /^etag: (.*)$/m.exec(head)?.[1] ?? '';
/** A tag as it was sent: `head` is in lower case. */
const etagOf = async (path: string): Promise<string> => (await server.get(path)).headers.get('etag') ?? '';

describe('headers that could be read in two ways', () => {
  it('are refused: no host, two hosts, two credentials, two types', async () => {
    const twice: [string, string[]][] = [
      ['host', ['Host: localhost']],
      ['authorization', ['Authorization: Bearer a', 'Authorization: Bearer b']],
      ['content-type', [JSON_TYPE, 'content-type: text/csv']],
    ];
    for (const [name, headers] of twice) {
      const answer = await post([...(name === 'content-type' ? [] : [JSON_TYPE]), ...headers]);
      assert.deepEqual([answer.status, errorOf(answer, name)], [400, 'VALIDATION_ERROR'], name);
      assert.match(answer.body, new RegExp(`"/headers/${name}"`));
    }
    const hostless = await sendBytes('GET /health HTTP/1.1\r\nConnection: close\r\n\r\n');
    assert.deepEqual([hostless.status, errorOf(hostless, 'no host')], [400, 'VALIDATION_ERROR']);
    const both = await post([JSON_TYPE, 'Idempotency-Key: a', 'Idempotency-Key: b']);
    assert.deepEqual([both.status, errorOf(both, 'two keys')], [400, 'VALIDATION_ERROR']);
    const smuggled = await send(`POST ${START}`, [JSON_TYPE, 'Transfer-Encoding: chunked'], '0\r\n\r\n');
    assert.deepEqual([smuggled.status, errorOf(smuggled, 'two lengths')], [400, 'VALIDATION_ERROR']);
  });

  it('are left aside where they only name something: ids and traces that are none are replaced', async () => {
    for (const odd of ['X-Request-Id: a<b>', 'X-Request-Id: a\r\nX-Request-Id: b', `X-Request-Id: ${'a'.repeat(129)}`]) {
      const { status, head } = await send('GET /health', [odd]);
      assert.equal(status, 200);
      assert.match(head, /^x-request-id: [0-9a-f-]{36}$/m, odd);
    }
    const trace = '0af7651916cd43dd8448eb211c80319c';
    for (const odd of ['', '00-zz', `00-${trace}-b7ad6b7169203331-01\r\nTraceparent: 00-${trace}-b7ad6b7169203331-01`]) {
      const { status, head } = await send('GET /health', [`Traceparent: ${odd}`]);
      assert.equal(status, 200);
      assert.match(head, /^traceparent: 00-(?!0af7)[0-9a-f]{32}-[0-9a-f]{16}-01$/m, odd);
    }
  });

  it('let a client go on that could speak something else, or asks before it sends', async () => {
    const upgrade = await send('GET /health', ['Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA']);
    assert.deepEqual([upgrade.status, JSON.parse(upgrade.body).status], [200, 'healthy']);
    assert.equal((await post([JSON_TYPE, 'Expect: 100-continue'])).status, 201);
  });
});

describe('a body', () => {
  it('is JSON in UTF-8 and nothing else', async () => {
    for (const type of [
      'application/json; charset=utf-8',
      'application/json;charset="UTF-8"',
      'APPLICATION/JSON',
      'application/json;',
    ])
      assert.equal((await post([`Content-Type: ${type}`])).status, 201, type);
    const others = ['text/json', 'application/vnd.x+json', 'application/json, text/plain', 'json', '', 'multipart/form-data'];
    for (const type of ['application/json; charset=utf-16', 'application/json; charset=latin1', ...others]) {
      const answer = await post([`Content-Type: ${type}`]);
      assert.deepEqual([answer.status, errorOf(answer, type)], [415, 'UNSUPPORTED_MEDIA_TYPE'], type);
    }
    const compressed = await post([JSON_TYPE, 'Content-Encoding: gzip']);
    assert.deepEqual([compressed.status, errorOf(compressed, 'gzip')], [415, 'UNSUPPORTED_MEDIA_TYPE']);
    assert.equal((await post([JSON_TYPE, 'Content-Encoding: identity'])).status, 201);
  });

  it('with bytes that are no text is refused, and not changed into another one', async () => {
    const broken = Buffer.concat([Buffer.from('{"project_id":"p'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    const answer = await post([JSON_TYPE], broken);
    assert.deepEqual([answer.status, errorOf(answer, 'bytes')], [400, 'VALIDATION_ERROR']);
    const event = await send('POST /api/v1/events', ['Content-Type: application/cloudevents+json'], broken);
    assert.deepEqual([event.status, errorOf(event, 'bytes')], [400, 'VALIDATION_ERROR']);
    assert.equal((await post([JSON_TYPE], `\ufeff${STARTED}`)).status, 201, 'a mark of the byte order is no text');
  });

  it('is not repeated at length by the error that refuses it', async () => {
    const long = await send(`GET /api/v1/executions?${'a'.repeat(9000)}=1`);
    assert.deepEqual([long.status, errorOf(long, 'long')], [400, 'VALIDATION_ERROR']);
    assert.ok(long.body.length < 3000, String(long.body.length));
  });
});

describe('a path', () => {
  it('that ends in a slash, has an empty part or is not in order is none', async () => {
    for (const path of [
      '/api/v1/executions/',
      '/api/v1/runs/',
      '//api/v1/executions',
      '/api/v1/../v1/executions',
      '/api/v1/%2e%2e/me',
    ]) {
      const answer = await send(`GET ${path}`);
      assert.deepEqual([answer.status, errorOf(answer, path)], [404, 'NOT_FOUND'], path);
    }
    for (const path of ['/api/v1/executions/%zz', '/api/v1/executions/%ff', '/api/v1/executions/%']) {
      const answer = await send(`GET ${path}`);
      assert.deepEqual([answer.status, errorOf(answer, path)], [400, 'VALIDATION_ERROR'], path);
    }
    for (const path of ['/api/v1/executions/a%2fb', '/api/v1/executions/a%00b', '/api/v1/executions/%2e%2e']) {
      const answer = await send(`GET ${path}`);
      assert.deepEqual([answer.status, errorOf(answer, path)], [404, 'EXECUTION_NOT_FOUND'], path);
    }
    const same = await send(`GET /api/v1/executions/${execution.replace('-', '%2d')}`);
    assert.equal(JSON.parse(same.body).execution_id, execution, 'what is written in another way is the same');
  });

  it('has its methods, and the server as a whole has some', async () => {
    const all = await send('OPTIONS *');
    assert.deepEqual([all.status, /^allow: (.*)$/m.exec(all.head)?.[1]], [204, 'delete, get, head, options, patch, post, put']);
    const trace = await send('TRACE /health');
    assert.deepEqual([trace.status, errorOf(trace, 'TRACE')], [405, 'METHOD_NOT_ALLOWED']);
    assert.equal((await send(`GET /api/v1/executions/${execution}`, ['X-HTTP-Method-Override: DELETE'])).status, 200);
    const twice = await send('GET /api/v1/executions?limit=1&limit=2');
    assert.deepEqual([twice.status, errorOf(twice, 'twice')], [400, 'VALIDATION_ERROR']);
  });
});

describe('a condition', () => {
  it('of a GET is compared weakly for what is known, strongly for what is required; a 304 has no length', async () => {
    for (const path of [`/api/v1/executions/${execution}`, '/api/v1/executions', '/api/v1/programs/echo/aliases/active']) {
      const etag = await etagOf(path);
      const bare = etag.replace('W/', '');
      for (const known of [etag, bare, `W/${bare}`, `"x", ${etag}`, '*', `"x"\r\nIf-None-Match: ${etag}`])
        for (const method of ['GET', 'HEAD']) {
          const answer = await send(`${method} ${path}`, [`If-None-Match: ${known}`]);
          assert.deepEqual([answer.status, answer.body, tagOf(answer)], [304, '', etag.toLowerCase()], `${method} ${known}`);
          assert.doesNotMatch(answer.head, /^content-(?:length|type):/m);
        }
      for (const unknown of ['"x"', 'garbage', '', bare.slice(1, -1), `"a,${bare.slice(1)}`])
        assert.equal((await send(`GET ${path}`, [`If-None-Match: ${unknown}`])).status, 200, unknown);
      const isStrong = !etag.startsWith('W/');
      const cases = {
        '*': 200,
        '"x"': 412,
        [etag]: isStrong ? 200 : 412,
        [`W/${bare}`]: 412,
        [`"x", ${etag}`]: isStrong ? 200 : 412,
      };
      for (const [required, status] of Object.entries(cases)) {
        const answer = await send(`GET ${path}`, [`If-Match: ${required}`]);
        assert.equal(answer.status, status, `${path} If-Match: ${required}`);
        if (status === 412) assert.equal(errorOf(answer, required), 'PRECONDITION_FAILED');
      }
    }
  });

  it('of a change is the ETag that was seen: missing 428, wrong or weak 412, in a list or by a star 200', async () => {
    const path = '/api/v1/programs/echo/aliases/active';
    const move = (version: number, ...headers: string[]): Promise<Received> =>
      send(`PUT ${path}`, [JSON_TYPE, ...headers], JSON.stringify({ version }));
    const etag = await etagOf(path);
    assert.equal((await move(2)).status, 428);
    assert.equal((await move(2, 'If-None-Match: *')).status, 412, 'it is there');
    for (const wrong of ['"x"', `W/${etag}`, etag.slice(1, -1), '""'])
      assert.equal((await move(2, `If-Match: ${wrong}`)).status, 412, wrong);
    assert.equal((await move(2, `If-Match: "x", ${etag}`)).status, 200);
    assert.equal((await move(1, `If-Match: ${etag}`)).status, 412, 'it was moved meanwhile');
    assert.equal((await move(1, 'If-Match: *')).status, 200);
  });
});

describe('what the caller accepts', () => {
  it('does not keep an answer from him; an error is called a problem document where he asks for one', async () => {
    for (const accept of ['text/html', 'application/json;q=0', 'image/*']) {
      const answer = await send(`GET /api/v1/executions/${execution}`, [`Accept: ${accept}`]);
      assert.equal(answer.status, 200, accept);
      assert.match(answer.head, /^content-type: application\/json; charset=utf-8$/m);
    }
    for (const path of ['/api/v1/executions/none', '/api/v1/nothing', '/api/v1/executions?x=1']) {
      const problem = await send(`GET ${path}`, ['Accept: application/problem+json, application/json']);
      assert.match(problem.head, /^content-type: application\/problem\+json/m, path);
      errorOf(problem, path);
      assert.match((await send(`GET ${path}`)).head, /^content-type: application\/json/m);
    }
  });
});

describe('a time', () => {
  it('is ISO 8601 with its offset and is one there is; out it goes in UTC', async () => {
    const at = (from: string): Promise<Received> => send(`GET /api/v1/audit?limit=1&from=${encodeURIComponent(from)}`);
    for (const good of ['2026-01-01T10:00:00Z', '2026-01-01T10:00:00+02:00', '2026-01-01T10:00:00.123456-11:30'])
      assert.equal((await at(good)).status, 200, good);
    for (const bad of ['2026-01-01T10:00:00', '2026-01-01', '2026-02-30T00:00:00Z', '2026-01-01T25:00:00Z', '1767261600', 'now'])
      assert.deepEqual([(await at(bad)).status], [400], bad);
    const entry = JSON.parse((await at('2026-01-01T10:00:00Z')).body).entries[0];
    assert.match(entry.at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });
});
