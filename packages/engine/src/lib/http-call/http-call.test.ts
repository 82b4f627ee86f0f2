import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { journalDir, openEngine, startOne, until, untilStatus } from '../embedded/engine-fixture.ts';
import { httpCall } from './http-call.ts';
import { runCall, sendJson, startServer } from './http-fixture.ts';

const errorSchema = z.looseObject({ type: z.string(), status: z.number(), title: z.string(), detail: z.string() });

/** Runs a call that must fail; gives its error with the last part of the type only. */
async function failed(...call: Parameters<typeof runCall>): Promise<z.infer<typeof errorSchema>> {
  const { execution } = await runCall(...call);
  assert.equal(execution.status, 'failed', JSON.stringify(execution.output));
  const error = errorSchema.parse(execution.error);
  return { ...error, type: error.type.slice(error.type.lastIndexOf('/') + 1) };
}

describe('httpCall() output', () => {
  it('gives JSON as its value, text as text, bytes as base64 and nothing as null', async () => {
    await using server = await startServer(({ url }, response) => {
      if (url === '/json') return sendJson(response, { id: 1, tags: ['a'] });
      if (url === '/problem')
        return sendJson(response, { ok: 1 }, 200, { 'content-type': 'application/vnd.x+json; charset=utf-8' });
      if (url === '/latin')
        return response.writeHead(200, { 'content-type': 'text/plain; charset=iso-8859-1' }).end(Buffer.from([0xe9]));
      if (url === '/bytes') return response.writeHead(200, { 'content-type': 'image/png' }).end(Buffer.from([0, 255]));
      if (url === '/zip') {
        return response
          .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
          .end(gzipSync(JSON.stringify({ zipped: true })));
      }
      return response.writeHead(204).end();
    });
    const get = async (path: string): Promise<unknown> =>
      (await runCall(httpCall(), { method: 'get', endpoint: `${server.origin}${path}` })).execution.output;
    assert.deepEqual(await get('/json'), { id: 1, tags: ['a'] });
    assert.deepEqual(await get('/problem'), { ok: 1 });
    assert.equal(await get('/latin'), 'é');
    assert.equal(await get('/bytes'), Buffer.from([0, 255]).toString('base64'));
    assert.deepEqual(await get('/zip'), { zipped: true });
    assert.equal(await get('/empty'), null);
  });

  it('gives raw content as base64, and a whole response with its request but without credentials', async () => {
    await using server = await startServer((_request, response) => sendJson(response, { id: 1 }, 201, { 'x-made': 'yes' }));
    const args = {
      method: 'post',
      endpoint: { uri: `${server.origin}/pets/{petId}` },
      headers: { Authorization: 'Bearer s3cret', 'X-Api-Key': 's3cret', 'X-Trace': 't1' },
      query: { page: 2 },
      body: { name: 'Milou' },
    };
    const raw = await runCall(httpCall(), { ...args, output: 'raw' }, { input: { petId: 9 } });
    assert.equal(raw.execution.output, Buffer.from('{"id":1}').toString('base64'));
    const { execution, journal } = await runCall(httpCall(), { ...args, output: 'response' }, { input: { petId: 9 } });
    const output = z
      .strictObject({
        request: z.strictObject({ method: z.string(), uri: z.string(), headers: z.record(z.string(), z.string()) }),
        headers: z.looseObject({ 'x-made': z.literal('yes') }),
        statusCode: z.literal(201),
        content: z.json(),
      })
      .parse(execution.output);
    assert.deepEqual(output.content, { id: 1 });
    assert.equal(output.request.method, 'POST');
    assert.equal(output.request.uri, `${server.origin}/pets/9?page=2`);
    assert.equal(output.request.headers['x-trace'], 't1');
    assert.equal(server.seen[1]?.headers.authorization, 'Bearer s3cret');
    assert.equal(server.seen[1]?.headers['x-api-key'], 's3cret');
    assert.ok(!JSON.stringify([execution.output, journal]).includes('s3cret'));
  });
});

describe('httpCall() request', () => {
  it('sends method, encoded path, query, headers and body', async () => {
    await using server = await startServer((_request, response) => sendJson(response, null));
    const base = { method: 'put', endpoint: `${server.origin}/a/{name}?keep=1` };
    const input = { name: 'x/y z' };
    await runCall(httpCall(), { ...base, query: { q: 'a b&c', many: ['1', '2'], none: null }, body: { n: 1 } }, { input });
    await runCall(httpCall(), { ...base, body: 'plain' }, { input });
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    await runCall(httpCall(), { ...base, headers: form, body: { a: 'b c', d: 1 } }, { input });
    await runCall(httpCall(), { ...base, body: [1, 2], headers: { 'Content-Type': 'application/vnd.x+json' } }, { input });
    const [json, text, encoded, own] = server.seen;
    assert.equal(json?.method, 'PUT');
    assert.equal(json.url, '/a/x%2Fy%20z?keep=1&q=a+b%26c&many=1&many=2');
    assert.deepEqual([json.headers['content-type'], json.body], ['application/json', '{"n":1}']);
    assert.deepEqual([text?.headers['content-type'], text?.body], ['text/plain;charset=UTF-8', 'plain']);
    assert.equal(encoded?.body, 'a=b+c&d=1');
    assert.deepEqual([own?.headers['content-type'], own?.body], ['application/vnd.x+json', '[1,2]']);
  });

  it('says with an Idempotency-Key which intent it is, unless the definition does or the method is safe', async () => {
    await using server = await startServer((_request, response) => sendJson(response, null));
    const endpoint = server.origin;
    const { execution } = await runCall(httpCall(), { method: 'post', endpoint });
    await runCall(httpCall(), { method: 'post', endpoint, headers: { 'idempotency-key': 'mine' } });
    await runCall(httpCall(), { method: 'get', endpoint });
    const keys = server.seen.map(({ headers }) => headers['idempotency-key']);
    assert.deepEqual(keys, [`${execution.id}:ask`, 'mine', undefined]);
  });

  it('keeps the Idempotency-Key in a retry and makes it fit a header whatever the name of the task', async () => {
    await using server = await startServer((_request, response) =>
      server.seen.length === 1 ? response.writeHead(503).end() : sendJson(response, 'made'),
    );
    const call = { call: 'http', with: { method: 'post', endpoint: server.origin } };
    const retry = { delay: { milliseconds: 1 }, limit: { attempt: { count: 2 } } };
    const list = [{ guarded: { try: [{ 'größe 100%': call }], catch: { errors: { with: { status: 503 } }, retry } } }];
    await using engine = await openEngine(journalDir(), { http: httpCall() }, { retry: `do: ${JSON.stringify(list)}` });
    const { execution } = await startOne(engine, 'retry');
    assert.equal((await untilStatus(engine, execution.id, 'completed')).output, 'made');
    const [first, second] = server.seen.map(({ headers }) => headers['idempotency-key']);
    assert.equal(first, second);
    assert.match(String(first), /gr%C3%B6%C3%9Fe%20100%25$/);
  });

  it('refuses arguments, headers and bodies that cannot be sent, without showing values', async () => {
    const call = async (args: object): Promise<string> => {
      const error = await failed(httpCall(), { method: 'get', endpoint: 'http://127.0.0.1:1/', ...args });
      assert.ok(!JSON.stringify(error).includes('s3cret'), error.detail);
      return error.type;
    };
    assert.equal(await call({ method: 'no method' }), 'validation');
    assert.equal(await call({ method: 'trace' }), 'validation');
    assert.equal(await call({ unknown: 1 }), 'validation');
    assert.equal(await call({ output: 's3cret' }), 'validation');
    assert.equal(await call({ headers: { authorization: 's3cret\r\nx: y' } }), 'validation');
    assert.equal(await call({ headers: { 'a b': 's3cret' } }), 'validation');
    assert.equal(await call({ headers: { host: 's3cret' } }), 'validation');
    assert.equal(await call({ body: 's3cret' }), 'validation');
    assert.equal(await call({ endpoint: 'ftp://127.0.0.1/' }), 'configuration');
    assert.equal(
      await call({ method: 'post', body: 'x'.repeat(300_000), headers: { a: 's3cret'.repeat(8000) } }),
      'communication',
    );
  });
});

describe('httpCall() redirect', () => {
  it('takes a redirect for an error, or follows it and changes POST to GET after 302', async () => {
    await using server = await startServer(({ url }, response) => {
      if (url === '/moved') return response.writeHead(302, { location: '/new' }).end();
      if (url === '/kept') return response.writeHead(307, { location: '/new' }).end();
      return sendJson(response, 'here');
    });
    const args = { method: 'post', endpoint: `${server.origin}/moved`, body: { a: 1 } };
    const error = await failed(httpCall(), args);
    assert.deepEqual([error.type, error.status], ['communication', 302]);
    assert.equal((await runCall(httpCall(), { ...args, redirect: true })).execution.output, 'here');
    const kept = { ...args, endpoint: `${server.origin}/kept`, redirect: true };
    assert.equal((await runCall(httpCall(), kept)).execution.output, 'here');
    const targets = server.seen.filter(({ url }) => url === '/new');
    assert.deepEqual(
      targets.map(({ method, body, headers }) => [method, body, headers['content-type'], 'idempotency-key' in headers]),
      [
        ['GET', '', undefined, false],
        ['POST', '{"a":1}', 'application/json', true],
      ],
    );
  });

  it('sends credentials to the same origin only', async () => {
    await using other = await startServer((_request, response) => sendJson(response, 'other'));
    await using server = await startServer(({ url }, response) =>
      url === '/away'
        ? response.writeHead(307, { location: `${other.origin}/x` }).end()
        : url === '/home'
          ? response.writeHead(307, { location: '/last' }).end()
          : sendJson(response, 'own'),
    );
    const authentication = { bearer: { token: 's3cret' } };
    for (const path of ['/away', '/home']) {
      const endpoint = { uri: server.origin + path, authentication };
      await runCall(httpCall(), { method: 'get', endpoint, headers: { 'x-api-key': 's3cret', 'x-trace': 't' }, redirect: true });
    }
    assert.equal(server.seen.find(({ url }) => url === '/last')?.headers.authorization, 'Bearer s3cret');
    assert.equal(other.seen[0]?.headers['x-trace'], 't');
    assert.equal(other.seen[0]?.headers.authorization, undefined);
    assert.equal(other.seen[0]?.headers['x-api-key'], undefined);
  });

  it('waits before a retry as long as the server asks', async () => {
    for (const retryAfter of ['7', 'Thu, 01 Jan 2026 00:00:07 GMT']) {
      await using server = await startServer((_request, response) =>
        sendJson(response, null, 429, { 'retry-after': retryAfter, date: 'Thu, 01 Jan 2026 00:00:00 GMT' }),
      );
      const call = JSON.stringify({ call: 'http', with: { method: 'get', endpoint: server.origin } });
      const body = `do: [{ t: { try: [{ ask: ${call} }], catch: { retry: { delay: { seconds: 1 } } } } }]`;
      await using engine = await openEngine(journalDir(), {}, { w: body });
      const { execution } = await startOne(engine, 'w');
      await until(engine, execution.id, ({ id }) => engine.read.journal(id).some(({ kind }) => kind === 'retry'));
      const entry = engine.read.journal(execution.id).find(({ kind }) => kind === 'retry');
      assert.equal((entry?.dueAt ?? 0) - (entry?.createdAt ?? 0), 7000);
    }
  });

  it('gives up after five redirects, and checks the host of each', async () => {
    await using server = await startServer(({ url }, response) =>
      response.writeHead(302, { location: url === '/out' ? 'http://169.254.169.254/meta' : `${url}x` }).end(),
    );
    const loop = await failed(httpCall(), { method: 'get', endpoint: `${server.origin}/a`, redirect: true });
    assert.deepEqual([loop.title, server.seen.length], ['LIMIT_EXCEEDED', 6]);
    const asked: string[] = [];
    const allowHost = (host: string): boolean => {
      asked.push(host);
      return host === '127.0.0.1';
    };
    const args = { method: 'get', endpoint: `${server.origin}/out`, redirect: true };
    const error = await failed(httpCall({ allowHost }), args);
    assert.deepEqual([error.type, error.status], ['authorization', 403]);
    assert.deepEqual(asked, ['127.0.0.1', '169.254.169.254']);
  });
});

describe('httpCall() errors', () => {
  it('gives a status outside 200–299 as a communication error that a catch can filter', async () => {
    await using server = await startServer((_request, response) => sendJson(response, { message: 'no such pet' }, 404));
    const error = await failed(httpCall(), { method: 'get', endpoint: `${server.origin}/pets/{id}` }, { input: { id: 'Milou' } });
    assert.deepEqual([error.type, error.status, error.title], ['communication', 404, 'Not Found']);
    assert.equal(
      error.detail,
      `Cannot call "GET ${server.origin}/pets/Milou": the server answered 404 Not Found: {"message":"no such pet"}`,
    );
    assert.equal(error['instance'], '/do/0/ask');
  });

  it('does not repeat what a server says about credentials or a query', async () => {
    await using server = await startServer(({ url, headers }, response) =>
      sendJson(response, { url, got: headers.authorization, key: headers['x-api-key'] }, 400),
    );
    const endpoint = { uri: server.origin, authentication: { basic: { username: 'ann', password: 's3cret' } } };
    const calls = [
      { method: 'get', endpoint },
      { method: 'get', endpoint: server.origin, headers: { 'x-api-key': 's3cret' } },
      { method: 'get', endpoint: `${server.origin}?key=s3cret` },
    ];
    const results = await Promise.all(calls.map((args) => runCall(httpCall(), args)));
    const basic = Buffer.from('ann:s3cret').toString('base64');
    for (const { execution, journal } of results) {
      assert.equal(execution.status, 'failed');
      const text = JSON.stringify([execution.error, journal]);
      assert.ok(!text.includes('s3cret') && !text.includes(basic), text);
    }
  });

  it('gives 503 when no connection comes about or it breaks', async () => {
    await using server = await startServer((_request, response) =>
      response.writeHead(200, { 'content-length': '9' }).end('a', () => response.destroy()),
    );
    const broken = await failed(httpCall(), { method: 'get', endpoint: server.origin });
    assert.deepEqual([broken.type, broken.status], ['communication', 503]);
    const closed = await startServer(() => undefined);
    await closed[Symbol.asyncDispose]();
    const refused = await failed(httpCall(), { method: 'get', endpoint: closed.origin });
    assert.deepEqual([refused.type, refused.status], ['communication', 503]);
    assert.match(refused.detail, /: ECONNREFUSED$/);
  });

  it('refuses JSON that is none, and more content or headers than the limit', async () => {
    await using server = await startServer(({ url }, response) => {
      if (url === '/broken') return response.writeHead(200, { 'content-type': 'application/json' }).end('{"a":');
      if (url === '/headers') return response.writeHead(200, { 'x-big': 'x'.repeat(40_000) }).end();
      return response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(url === '/limit' ? 1000 : 1001)));
    });
    const call = (path: string): Parameters<typeof runCall> => [
      httpCall({ responseLimitBytes: 1000 }),
      { method: 'get', endpoint: server.origin + path, output: 'raw' },
    ];
    assert.equal((await runCall(...call('/limit'))).execution.status, 'completed');
    const over = await failed(...call('/over'));
    assert.deepEqual([over.type, over.title], ['communication', 'LIMIT_EXCEEDED']);
    const headers = await failed(...call('/headers'));
    assert.deepEqual([headers.status, headers.detail.endsWith('UND_ERR_HEADERS_OVERFLOW')], [503, true]);
    const broken = await failed(httpCall(), { method: 'get', endpoint: `${server.origin}/broken` });
    assert.deepEqual([broken.type, broken.status], ['communication', 502]);
  });

  it('ends with the time-out of its task and closes the connection', async () => {
    const closed = Promise.withResolvers<void>();
    await using server = await startServer((_request, response) => response.on('close', closed.resolve));
    const error = await failed(httpCall(), { method: 'get', endpoint: server.origin }, { timeoutMs: 300 });
    assert.deepEqual([error.type, error.status], ['timeout', 408]);
    await closed.promise;
  });

  it('gives 408 for a server that lets the connection wait too long', async () => {
    const slow = (): Promise<Response> => {
      const cause = Object.assign(new Error('late'), { code: 'UND_ERR_HEADERS_TIMEOUT' });
      return Promise.reject(new TypeError('fetch failed', { cause }));
    };
    const error = await failed(httpCall({ fetch: slow }), { method: 'get', endpoint: 'http://127.0.0.1/' });
    assert.deepEqual([error.type, error.status], ['timeout', 408]);
  });
});

describe('httpCall() durability', () => {
  it('does not call again in a replay by the next engine on the journal', async () => {
    await using server = await startServer((_request, response) => sendJson(response, { call: server.seen.length }));
    const dir = journalDir();
    const wait = { approve: { call: 'accept', with: { title: 'Go on?', doc_type: 'offer', subject: null } } };
    const fetched = { fetched: { call: 'http', with: { method: 'post', endpoint: server.origin }, export: { as: '${ . }' } } };
    const bodies = { twice: `do: ${JSON.stringify([fetched, wait, { last: { set: '${ $context }' } }])}` };
    const first = await openEngine(dir, { http: httpCall() }, bodies);
    const { execution } = await startOne(first, 'twice');
    await untilStatus(first, execution.id, 'waiting_acceptance');
    await first.close(0);
    await using second = await openEngine(dir, { http: httpCall() }, bodies);
    const answer = { kind: 'acceptance', accepted: true } as const;
    await second.answer({ executionId: execution.id, step: 'approve' }, answer, { answerId: 'a1', answeredBy: 'ann' });
    assert.deepEqual((await untilStatus(second, execution.id, 'completed')).output, { call: 1 });
    assert.equal(server.seen.length, 1);
  });
});
