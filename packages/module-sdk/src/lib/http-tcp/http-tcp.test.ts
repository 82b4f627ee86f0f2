import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type ErrorCode, PlatformError, systemClock } from '@loopwright/protocol';
import { errorResponse, parseJsonBody, success } from '../http-ipc/api-response.ts';
import { type FetchHandler, fetchHandler } from '../http-ipc/fetch-handler.ts';
import { HttpIpcRouter } from '../http-ipc/http-ipc-router.ts';
import { HttpTcpClient, type HttpTcpClientOptions } from './http-tcp-client.ts';
import { HttpTcpServer, type HttpTcpServerOptions } from './http-tcp-server.ts';

const LOOPBACK = { host: '127.0.0.1', port: 0 };

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await settle();
}

interface Pair extends AsyncDisposable {
  readonly server: HttpTcpServer;
  readonly client: HttpTcpClient;
  readonly errors: readonly unknown[];
}

async function serve(
  fetch: FetchHandler,
  {
    server: ofServer = {},
    client: ofClient = {},
  }: { server?: Partial<HttpTcpServerOptions>; client?: Partial<HttpTcpClientOptions> } = {},
): Promise<Pair> {
  const errors: unknown[] = [];
  const server = await HttpTcpServer.listen(LOOPBACK, {
    handler: fetchHandler(fetch),
    clock: systemClock,
    onError: (error) => errors.push(error),
    ...ofServer,
  });
  const client = new HttpTcpClient({ address: server.address, clock: systemClock, ...ofClient });
  return {
    server,
    client,
    errors,
    [Symbol.asyncDispose]: async () => {
      client.close();
      await server.close(0);
    },
  };
}

const fails =
  (code: ErrorCode, details?: object) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof PlatformError, String(error));
    assert.deepEqual([error.code, error.details], [code, details]);
    return true;
  };

/** A server that speaks what a test says. */
async function rawServer(onSocket: (socket: Socket) => void): Promise<{ server: Server; client: HttpTcpClient }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  server.listen(LOOPBACK);
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return { server, client: new HttpTcpClient({ address: { host: '127.0.0.1', port }, clock: systemClock }) };
}

/** Sends text to a server and gives all that comes back. */
async function speak(server: HttpTcpServer, text: string): Promise<string> {
  assert.ok('port' in server.address);
  const socket = connect(server.address);
  socket.end(text);
  let answer = '';
  for await (const piece of socket) answer += String(piece);
  return answer;
}

/** A clock in which a delay of 30 s and more takes 30 ms. */
const hurried: HttpTcpServerOptions['clock'] = {
  ...systemClock,
  schedule: (ms, run) => systemClock.schedule(ms >= 30_000 ? 30 : ms, run),
};

const never = new Promise<never>(() => undefined);

describe('HTTP over TCP', () => {
  it('serves the router of the module channel as it is: routes, middleware, query, errors, HEAD', async () => {
    const router = new HttpIpcRouter()
      .use(async (request, next) => (request.headers.has('x-stop') ? errorResponse(403, 'stopped') : next(request)))
      .get('/a', (request) => success(new URL(request.url).search))
      .post('/a', async (request) => success(await parseJsonBody(request)))
      .put(
        '/a',
        () =>
          new Response(null, {
            status: 204,
            headers: [
              ['set-cookie', 'a=1'],
              ['set-cookie', 'b=2'],
            ],
          }),
      )
      .delete('/a', () => Promise.reject(new Error('secret detail')));
    await using pair = await serve(router.fetch);
    const { client, server } = pair;
    assert.deepEqual(await (await client.fetch('/a?b=c')).json(), { status: 'success', data: '?b=c' });
    assert.deepEqual(await (await client.fetch('/a', { method: 'POST', body: '{"n":[1]}' })).json(), {
      status: 'success',
      data: { n: [1] },
    });
    const empty = await client.fetch('/a', { method: 'PUT' });
    assert.deepEqual([empty.status, await empty.text(), empty.headers.getSetCookie()], [204, '', ['a=1', 'b=2']]);
    const failed = await client.fetch('/a', { method: 'DELETE' });
    assert.equal(failed.status, 500);
    assert.ok(!(await failed.text()).includes('secret'));
    assert.equal((await client.fetch('/a', { method: 'HEAD' })).status, 200);
    assert.equal((await client.fetch('/b')).status, 404);
    assert.equal((await client.fetch('/a', { headers: { 'x-stop': '1' } })).status, 403);
    const { requests_received: received, responses_sent: sent, errors_encountered: errors } = server.metrics();
    assert.deepEqual([received, sent, errors], [7, 7, 1]);
  });

  it('keeps its connections: a hundred requests one after the other go over one', async () => {
    const ports = new Set<number | undefined>();
    const { server: raw, client } = await rawServer((socket) => {
      ports.add(socket.remotePort);
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'));
    });
    for (let count = 0; count < 100; count += 1) assert.equal(await (await client.fetch('/')).text(), 'ok');
    assert.equal(ports.size, 1);
    client.close();
    raw.close();
  });

  it('streams bodies both ways, no faster than they are read', async () => {
    await using pair = await serve((request) => new Response(request.body));
    const piece = new Uint8Array(64 * 1024).fill(7);
    let made = 0;
    const hash = createHash('sha256');
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        if (made === 320) return controller.close();
        made += 1;
        hash.update(piece);
        controller.enqueue(piece);
      },
    });
    const response = await pair.client.fetch('/', { method: 'POST', body });
    // Nobody reads: what the two sockets hold is far from 20 MiB.
    for (let count = 0; count < 50; count += 1) await settle();
    assert.ok(made < 320, `${made} of 320 pieces were read ahead`);
    const back = createHash('sha256');
    for await (const part of response.body ?? []) back.update(part);
    assert.equal(back.digest('hex'), hash.digest('hex'));
    assert.equal(made, 320);
  });

  it('tells the handler when nobody waits any more, and ends with the reason of the signal', async () => {
    const seen = Promise.withResolvers<unknown>();
    await using pair = await serve((request) => {
      request.signal.addEventListener('abort', () => seen.resolve(request.signal.reason));
      arrived.resolve();
      return never;
    });
    const arrived = Promise.withResolvers<void>();
    const controller = new AbortController();
    const answer = pair.client.fetch('/', { signal: controller.signal });
    await arrived.promise;
    controller.abort(new Error('not wanted'));
    await assert.rejects(answer, /not wanted/);
    assert.match(String(await seen.promise), /client is gone/);
    assert.equal(pair.client.pending, 0);
  });

  it('ends a body that is read no more, and breaks one off that fails', async () => {
    let isCancelled = false;
    const events = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Buffer.from('first')),
      cancel: () => void (isCancelled = true),
    });
    const broken = (): ReadableStream<Uint8Array> =>
      new ReadableStream<Uint8Array>({
        pull: async (controller) => {
          controller.enqueue(Buffer.from('first'));
          await settle();
          await settle();
          controller.error(new Error('no more'));
        },
      });
    await using pair = await serve((request) => new Response(request.url.endsWith('/broken') ? broken() : events));
    const reader = (await pair.client.fetch('/events')).body?.getReader();
    assert.equal(Buffer.from((await reader?.read())?.value ?? []).toString(), 'first');
    await reader?.cancel();
    await until(() => isCancelled);
    await assert.rejects((await pair.client.fetch('/broken')).text());
    assert.match(String(pair.errors[0]), /no more/);
  });

  it('answers 408 when the handler takes too long, 503 when too many wait, 400 to what is no request, 500 to answers that are none', async () => {
    const free = Promise.withResolvers<void>();
    await using pair = await serve(
      async (request) => {
        if (request.url.endsWith('/wrong')) return { status: 200 } as Response;
        await free.promise;
        return new Response('late');
      },
      { server: { maxConcurrent: 1, maxQueued: 1 } },
    );
    const answers = [pair.client.fetch('/1'), pair.client.fetch('/2'), pair.client.fetch('/3')];
    assert.equal((await Promise.race(answers)).status, 503);
    free.resolve();
    assert.deepEqual(
      (await Promise.all(answers)).map(({ status }) => status).toSorted((one, other) => one - other),
      [200, 200, 503],
    );
    assert.equal((await pair.client.fetch('/wrong')).status, 500);
    await using slow = await serve(() => never, { server: { clock: hurried } });
    const late = await slow.client.fetch('/');
    assert.deepEqual([late.status, late.headers.get('x-error-code')], [408, 'TIMEOUT']);
    assert.match(
      await speak(pair.server, 'GET http://elsewhere/ HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'),
      /^HTTP\/1.1 400 /,
    );
    assert.match(
      await speak(pair.server, 'GET //elsewhere/ HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'),
      /^HTTP\/1.1 400 /,
    );
    assert.match(await speak(pair.server, 'noise\r\n\r\n'), /^HTTP\/1.1 400 /);
    const twoLengths = 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n';
    assert.match(await speak(pair.server, twoLengths), /^HTTP\/1.1 400 /);
    assert.equal(await (await pair.client.fetch('/again')).text(), 'late');
  });

  it('drains: answers what came, takes no more, and breaks off what outlasts the drain', async () => {
    const gate = Promise.withResolvers<void>();
    let running = 0;
    await using pair = await serve(async (request) => {
      running += 1;
      await (request.url.endsWith('/stuck') ? never : gate.promise);
      return new Response('done');
    });
    const answers = Array.from({ length: 5 }, () => pair.client.fetch('/'));
    await until(() => running === 5);
    const closed = pair.server.close();
    gate.resolve();
    assert.deepEqual(await Promise.all(answers.map(async (answer) => (await answer).text())), Array(5).fill('done'));
    await closed;
    await assert.rejects(pair.client.fetch('/'), fails('SERVICE_UNAVAILABLE', { sent: false }));
    await using other = await serve(() => never);
    const stuck = assert.rejects(other.client.fetch('/stuck'), fails('SERVICE_UNAVAILABLE'));
    await until(() => other.server.metrics().requests_received === 1);
    await other.server.close(1);
    await stuck;
  });
});

describe('HttpTcpClient', () => {
  it('says what was never sent, what was not answered in time and what is no answer', async () => {
    const { server, client } = await rawServer((socket) =>
      socket.on('data', (bytes) => {
        const path = String(bytes).split(' ')[1];
        if (path === '/noise') socket.end('what?\r\n\r\n');
        if (path === '/gone') socket.destroy();
        if (path === '/short') socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345');
        if (path === '/status') socket.end('HTTP/1.1 999 What\r\ncontent-length: 0\r\n\r\n');
        if (path === '/stall') socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n');
        if (path === '/headers') socket.write(`HTTP/1.1 200 OK\r\na: ${'b'.repeat(1_000_000)}\r\n\r\n`);
      }),
    );
    const post = (path: string): Promise<Response> => client.fetch(path, { method: 'POST', body: 'x' });
    await assert.rejects(post('/noise'), fails('MODULE_PROTOCOL_ERROR'));
    await assert.rejects(post('/headers'), fails('MODULE_PROTOCOL_ERROR'));
    await assert.rejects(post('/status'), fails('MODULE_PROTOCOL_ERROR'));
    await assert.rejects(post('/gone'), fails('SERVICE_UNAVAILABLE'));
    await assert.rejects(post('/short'), fails('SERVICE_UNAVAILABLE'));
    await assert.rejects(client.fetch('/silent', { timeoutMs: 20 }), fails('MODULE_TIMEOUT'));
    const stalled = await client.fetch('/stall', { timeoutMs: 500 });
    await assert.rejects(stalled.text(), fails('MODULE_TIMEOUT'));
    await assert.rejects(client.request({ method: 'GET', uri: '/a b' }), TypeError);
    await until(() => client.pending === 0);
    server.close();
    client.close();
    await assert.rejects(client.fetch('/'), fails('SERVICE_UNAVAILABLE', { sent: false }));
  });

  it('takes a connection of its own for what may be done twice when a kept one is dead, and does not repeat the rest', async () => {
    let connections = 0;
    const asked: string[] = [];
    const { server, client } = await rawServer((socket) => {
      connections += 1;
      let requests = 0;
      socket.on('data', (bytes) => {
        requests += 1;
        asked.push(String(bytes).split(' ')[0] ?? '');
        // Each connection answers once, and dies with the next request.
        if (requests > 1) socket.resetAndDestroy();
        else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
      });
    });
    assert.equal(await (await client.fetch('/')).text(), 'ok');
    assert.equal(await (await client.fetch('/')).text(), 'ok');
    assert.deepEqual([connections, asked], [2, ['GET', 'GET', 'GET']]);
    assert.equal(await (await client.fetch('/', { method: 'POST', body: 'x' })).text(), 'ok');
    await assert.rejects(client.fetch('/', { method: 'POST', body: 'x' }), fails('SERVICE_UNAVAILABLE'));
    client.close();
    server.close();
  });

  it('does not touch a stream before there is a connection, and tells what the stream itself throws', async () => {
    const probe = createServer().listen(LOOPBACK);
    await once(probe, 'listening');
    const { port } = probe.address() as { port: number };
    probe.close();
    await once(probe, 'close');
    const client = new HttpTcpClient({ address: { host: '127.0.0.1', port }, clock: systemClock });
    const body = new ReadableStream<Uint8Array>();
    await assert.rejects(client.request({ method: 'POST', uri: '/', body }), fails('SERVICE_UNAVAILABLE', { sent: false }));
    assert.equal(body.locked, false);
    await using pair = await serve((request) => new Response(request.body));
    const wrong = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error('mine')) });
    await assert.rejects(pair.client.request({ method: 'POST', uri: '/', body: wrong }), /mine/);
  });

  it('sends no headers of the connection, and not the length that somebody says', async () => {
    await using pair = await serve((request) => success(Object.fromEntries(request.headers)));
    const response = await pair.client.request({
      method: 'POST',
      uri: '/',
      headers: { 'content-length': '99', 'transfer-encoding': 'chunked', connection: 'x-hop', 'x-hop': '1', 'x-end': '2' },
      body: Buffer.from('four'),
    });
    const { data } = JSON.parse(Buffer.from(response.body as Uint8Array).toString()) as { data: Record<string, string> };
    assert.deepEqual(
      [data['content-length'], data['transfer-encoding'], data['x-hop'], data['x-end']],
      ['4', undefined, undefined, '2'],
    );
  });

  it('speaks over a Unix socket that is for its owner only and gone when it is closed', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'loopwright-http-'));
    const path = join(directory, 'module.sock');
    const server = await HttpTcpServer.listen(
      { path },
      {
        handler: fetchHandler(() => new Response('over a file')),
        clock: systemClock,
        onError: assert.ifError,
      },
    );
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    using client = new HttpTcpClient({ address: { path }, clock: systemClock });
    assert.equal(await (await client.fetch('/')).text(), 'over a file');
    await server.close();
    await assert.rejects(stat(path), /ENOENT/);
    await rm(directory, { recursive: true });
  });
});
