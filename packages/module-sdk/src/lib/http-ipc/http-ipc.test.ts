import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { type Clock, HTTP_WINDOW_BYTES, type OrchestratorMessageLine } from '@loopwright/protocol';
import fastify from 'fastify';
import { moduleChannel, orchestratorChannel } from '../channel/module-channel.ts';
import type { ChannelReport } from '../channel/report.ts';
import { createTestHost, type TestHost } from '../test-host/test-host.ts';
import { memoryTransports } from '../transport/memory-transport.ts';
import type { Transport } from '../transport/transport.ts';
import { fastifyHandler } from './fastify-handler.ts';
import { HttpIpcClient, type HttpIpcClientOptions } from './http-ipc-client.ts';
import { HttpIpcServer, type HttpIpcServerOptions } from './http-ipc-server.ts';
import { type FetchHandler, fetchHandler } from './fetch-handler.ts';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await settle();
}

function host(fetch: FetchHandler): TestHost {
  return createTestHost({ start: async () => ({ endpoints: [], fetch, stop: async () => undefined }) });
}

async function started(fetch: FetchHandler): Promise<TestHost> {
  const opened = host(fetch);
  await opened.announced;
  return opened;
}

/** A clock whose time passes only by `pass`. */
function heldClock(): Clock & { pass(ms: number): void } {
  let now = 1_000_000;
  const timers = new Set<{ at: number; run: () => void }>();
  return {
    now: () => now,
    schedule: (delayMs, run) => {
      const timer = { at: now + delayMs, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    pass: (ms) => {
      now += ms;
      for (const timer of timers)
        if (timer.at <= now) {
          timers.delete(timer);
          timer.run();
        }
    },
  };
}

interface Pair {
  client: HttpIpcClient;
  server: HttpIpcServer;
  reports: ChannelReport[];
  errors: unknown[];
  clock: ReturnType<typeof heldClock>;
  end: () => void;
}

function pair(
  handler: FetchHandler,
  {
    server: serverOptions = {},
    client: clientOptions = {},
    version = 2,
  }: { server?: Partial<HttpIpcServerOptions>; client?: Partial<HttpIpcClientOptions>; version?: number } = {},
): Pair {
  const [near, far] = memoryTransports();
  const clock = heldClock();
  const reports: ChannelReport[] = [];
  const errors: unknown[] = [];
  const onReport = (report: ChannelReport): void => void reports.push(report);
  const hostChannel = orchestratorChannel({ transport: near, clock, onReport });
  const channel = moduleChannel({ transport: far, clock, onReport });
  hostChannel.setPeerVersion(version);
  channel.setPeerVersion(version);
  const client = new HttpIpcClient({ channel: hostChannel, clock, ...clientOptions });
  const server = new HttpIpcServer({
    channel,
    handler: fetchHandler(handler),
    clock,
    onError: (error) => errors.push(error),
    ...serverOptions,
  });
  hostChannel.start();
  channel.start();
  return { client, server, reports, errors, clock, end: () => far.abort() };
}

/** A module that is written by hand, for what a proper one would never say. */
function liar(): {
  client: HttpIpcClient;
  raw: Transport;
  lines: OrchestratorMessageLine[];
  reports: ChannelReport[];
  clock: ReturnType<typeof heldClock>;
} {
  const [near, raw] = memoryTransports();
  const clock = heldClock();
  const reports: ChannelReport[] = [];
  const lines: OrchestratorMessageLine[] = [];
  const channel = orchestratorChannel({ transport: near, clock, onReport: (report) => reports.push(report) });
  channel.setPeerVersion(2);
  const client = new HttpIpcClient({ channel, clock });
  channel.start();
  raw.start({
    line: (text) => lines.push(JSON.parse(text) as OrchestratorMessageLine),
    tooLong: () => undefined,
    end: () => undefined,
  });
  return { client, raw, lines, reports, clock };
}

describe('HTTP over IPC', () => {
  it('carries method, path, query, headers and body to a handler, and its answer back', async () => {
    await using served = await started(async (request) => {
      const { pathname, search } = new URL(request.url);
      const headers = new Headers([
        ['x-seen', request.headers.get('x-sent') ?? ''],
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
      ]);
      return new Response(`${request.method} ${pathname}${search} ${await request.text()}`, { status: 201, headers });
    });
    const response = await served.http.fetch('/a%20b?c=ä', { method: 'POST', headers: { 'x-sent': 'yes' }, body: 'héllo' });
    assert.deepEqual(
      [response.status, response.headers.get('x-seen'), response.headers.getSetCookie(), await response.text()],
      [201, 'yes', ['a=1', 'b=2'], 'POST /a%20b?c=%C3%A4 héllo'],
    );
    const empty = await served.http.fetch('/', { method: 'DELETE' });
    assert.equal(await empty.text(), 'DELETE / ');
    assert.deepEqual([served.reports, served.errors], [[], []]);
  });

  it('answers without a body where there is none', async () => {
    await using served = await started((request) =>
      request.method === 'HEAD' ? new Response('not sent') : new Response(null, { status: 204 }),
    );
    assert.deepEqual(
      [(await served.http.fetch('/')).status, await (await served.http.fetch('/', { method: 'HEAD' })).text()],
      [204, ''],
    );
  });

  it('streams bodies of ten megabytes both ways', async () => {
    await using served = await started((request) => new Response(request.body));
    const bytes = Buffer.alloc(10 * 1024 * 1024, 'loopwright ');
    const response = await served.http.fetch('/', { method: 'POST', body: bytes });
    const back = Buffer.from(await response.arrayBuffer());
    const digest = (part: Uint8Array): string => createHash('sha256').update(part).digest('hex');
    assert.deepEqual([back.length, digest(back)], [bytes.length, digest(bytes)]);
  });

  it('sends no more of a body than its reader has room for, and no event later than it comes', async () => {
    let given = 0;
    const { client } = pair(
      () =>
        new Response(
          new ReadableStream(
            {
              pull: (controller) => {
                given += 16_384;
                controller.enqueue(new Uint8Array(16_384));
              },
            },
            { highWaterMark: 0 },
          ),
        ),
    );
    const response = await client.fetch('/');
    for (let turn = 0; turn < 300; turn += 1) await settle();
    assert.ok(given >= HTTP_WINDOW_BYTES && given <= HTTP_WINDOW_BYTES + 5 * 16_384, String(given));
    const reader = response.body?.getReader();
    for (let read = 0; read < HTTP_WINDOW_BYTES;) read += (await reader?.read())?.value?.length ?? 0;
    for (let turn = 0; turn < 300; turn += 1) await settle();
    assert.ok(given > HTTP_WINDOW_BYTES + 5 * 16_384, String(given));
    await reader?.cancel();
    await until(() => client.pending === 0);

    const { promise: second, resolve: go } = Promise.withResolvers<void>();
    const events = pair(() => {
      async function* all(): AsyncGenerator<Uint8Array> {
        yield Buffer.from('one');
        await second;
        yield Buffer.from('two');
      }
      return new Response(ReadableStream.from(all()));
    });
    const parts = (await events.client.fetch('/')).body?.getReader();
    assert.equal(Buffer.from((await parts?.read())?.value ?? []).toString(), 'one');
    go();
    assert.equal(Buffer.from((await parts?.read())?.value ?? []).toString(), 'two');
    assert.equal((await parts?.read())?.done, true);
  });

  it('speaks version 1 with the source: whole bodies as arrays of numbers, and says what is too long for that', async () => {
    const { client } = pair(async (request) => new Response(await request.bytes(), { headers: { 'set-cookie': 'a=1' } }), {
      version: 1,
    });
    const bytes = Buffer.alloc(200_000, 7);
    const response = await client.request({ method: 'POST', uri: '/', body: bytes });
    assert.ok(response.body instanceof Uint8Array);
    assert.equal(Buffer.compare(response.body, bytes), 0);
    await assert.rejects(client.request({ method: 'POST', uri: '/', body: Buffer.alloc(3_000_000) }), {
      code: 'PAYLOAD_TOO_LARGE',
    });
    const long = pair(() => new Response(Buffer.alloc(3_000_000)), { version: 1 });
    assert.equal((await long.client.fetch('/')).status, 500);
    assert.match(String(long.errors), /takes no streams/);
  });

  it('tells the handler when nobody waits any more', async () => {
    const { promise: aborted, resolve } = Promise.withResolvers<unknown>();
    const { client, server } = pair((original) => {
      const request = original.clone();
      assert.equal(request.signal.aborted, false);
      request.signal.addEventListener('abort', () => resolve(original.signal.reason));
      return new Promise<Response>(() => undefined);
    });
    const caller = new AbortController();
    const answer = client.fetch('/', { signal: caller.signal });
    await until(() => server.metrics().requests_received === 1);
    caller.abort(new Error('changed my mind'));
    await assert.rejects(answer, /changed my mind/);
    assert.match(String(await aborted), /gave the request up/);
    assert.equal(client.pending, 0);
    await server.drain();
  });

  it('ends the stream of an answer that its reader gives up, or that its writer breaks', async () => {
    let cancelled = false;
    const { client, errors } = pair((request) =>
      new URL(request.url).pathname === '/broken'
        ? new Response(
            ReadableStream.from(
              (async function* all() {
                yield Buffer.alloc(10);
                await settle();
                throw new Error('disk');
              })(),
            ),
          )
        : new Response(
            new ReadableStream({
              pull: (controller) => controller.enqueue(new Uint8Array(1000)),
              cancel: () => void (cancelled = true),
            }),
          ),
    );
    const endless = await client.fetch('/');
    await endless.body?.cancel();
    await until(() => cancelled);
    const broken = await client.fetch('/broken');
    await assert.rejects(broken.text(), { code: 'MODULE_PROTOCOL_ERROR' });
    assert.deepEqual([client.pending, errors.map(String)], [0, ['Error: disk']]);
  });

  it('answers in time whatever the handler does', async () => {
    const { client, server, clock } = pair(() => new Promise<Response>(() => undefined), { server: { timeoutMs: 1000 } });
    const slow = client.fetch('/');
    await until(() => server.metrics().requests_received === 1);
    clock.pass(1000);
    const response = await slow;
    assert.deepEqual([response.status, response.headers.get('x-error-code')], [408, 'TIMEOUT']);

    const deaf = liar();
    const never = deaf.client.fetch('/');
    await until(() => deaf.lines.length === 1);
    deaf.clock.pass(30_000);
    await assert.rejects(never, { code: 'MODULE_TIMEOUT' });
    await until(() => deaf.lines.length === 2);
    assert.deepEqual(deaf.lines[1], { op: 'http_cancel', request_id: '1' });
    // An answer after all is nobody's, and no trouble either.
    deaf.raw.send('{"op":"http_response","request_id":"1","status_code":200}');
    const next = deaf.client.fetch('/');
    await until(() => deaf.lines.length === 3);
    deaf.raw.send('{"op":"http_response","request_id":"2","status_code":200,"streamed":true}');
    const stalled = (await next).text();
    await settle();
    deaf.clock.pass(30_000);
    await assert.rejects(stalled, { code: 'MODULE_TIMEOUT' });
    assert.deepEqual([deaf.reports, deaf.client.pending], [[], 0]);
  });

  it('runs a hundred handlers at once, lets others wait and refuses the rest', async () => {
    let running = 0;
    let most = 0;
    const gate = Promise.withResolvers<void>();
    const { client, server } = pair(
      async () => {
        most = Math.max(most, (running += 1));
        await gate.promise;
        running -= 1;
        return new Response('done');
      },
      { client: { maxConcurrent: 1000 } },
    );
    const answers = Array.from({ length: 100 + 256 + 5 }, () => client.fetch('/'));
    await until(() => server.metrics().responses_sent === 5);
    gate.resolve();
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    assert.deepEqual(
      [most, statuses.filter((status) => status === 200).length, statuses.filter((status) => status === 503).length],
      [100, 356, 5],
    );
    const { avg_response_time_ms: mean, ...metrics } = server.metrics();
    assert.deepEqual(metrics, { requests_received: 361, responses_sent: 361, errors_encountered: 5 });
    assert.ok(mean !== null && mean > 0);
  });

  it('lets requests wait for their turn on the side of the host too, and refuses what is too much', async () => {
    const gate = Promise.withResolvers<void>();
    const { client, server } = pair(async () => (await gate.promise, new Response('done')), {
      client: { maxConcurrent: 2, maxQueued: 3 },
    });
    const answers = Array.from({ length: 5 }, () => client.fetch('/'));
    await settle();
    await assert.rejects(client.fetch('/'), { code: 'OVERLOADED' });
    assert.equal(server.metrics().requests_received, 2);
    gate.resolve();
    assert.deepEqual(
      (await Promise.all(answers)).map(({ status }) => status),
      [200, 200, 200, 200, 200],
    );
  });

  it('fails what is under way when the module is gone, and all after it', async () => {
    const { client, end } = pair((request) =>
      request.url.endsWith('/') ? new Promise<Response>(() => undefined) : new Response(new ReadableStream()),
    );
    const waiting = client.fetch('/');
    const open = await client.fetch('/open');
    const reading = open.text();
    end();
    await assert.rejects(waiting, { code: 'SERVICE_UNAVAILABLE' });
    await assert.rejects(reading, { code: 'SERVICE_UNAVAILABLE' });
    await assert.rejects(client.fetch('/'), { code: 'SERVICE_UNAVAILABLE' });
    assert.equal(client.pending, 0);
  });

  it('says that the module failed, and no more, when a handler throws or gives no answer', async () => {
    const { client, errors } = pair((request) => {
      if (request.url.endsWith('/throws')) throw new Error('password is hunter2');
      return 'text' as unknown as Response;
    });
    for (const path of ['/throws', '/nothing']) {
      const response = await client.fetch(path);
      assert.deepEqual([response.status, await response.json()], [500, { status: 'error', message: 'The module failed' }]);
    }
    assert.equal(errors.length, 2);
    // What no type stands in the way of: a header that the other side would not take.
    const headers = { 'x-length': 12 as unknown as string };
    const plain = pair(() => new Response(), { server: { handler: () => ({ status: 200, headers, body: null }) } });
    assert.equal((await plain.client.fetch('/')).status, 500);
  });

  it('refuses what is no proper request', async () => {
    const { client } = pair(() => new Response('never'));
    for (const request of [
      { method: 'GET', uri: 'http://elsewhere/' },
      { method: 'GET', uri: '//elsewhere/' },
      { method: 'GET', uri: '/', body: Buffer.from('x') },
      { method: 'CONNECT', uri: '/' },
      { method: 'GET', uri: '/', headers: { 'a b': 'c' } },
      { method: 'GET', uri: '/', headers: { a: 'b\nc' } },
    ])
      assert.equal((await client.request(request)).status, 400, JSON.stringify(request));
  });

  it('holds against a module that lies: a clean error, the request is given up, the next one works', async () => {
    const lies: [lines: string[], code: string][] = [
      [['{"op":"http_response","request_id":"ID","status_code":101}'], 'MODULE_PROTOCOL_ERROR'],
      [['{"op":"http_response","request_id":"ID","status_code":200,"headers":{"a b":"c"}}'], 'MODULE_PROTOCOL_ERROR'],
      [['{"op":"http_response","request_id":"ID","status_code":200,"headers":{"a":"b\\r\\nc: d"}}'], 'MODULE_PROTOCOL_ERROR'],
      [['{"op":"http_response","request_id":"ID","status_code":200,"body":"%%%%"}'], 'MODULE_PROTOCOL_ERROR'],
      [['{"op":"http_body","request_id":"ID","data":"","last":true}'], 'MODULE_PROTOCOL_ERROR'],
      [['{"op":"http_cancel","request_id":"ID","reason":"tired"}'], 'MODULE_PROTOCOL_ERROR'],
    ];
    const { client, raw, lines, reports } = liar();
    for (const [said, code] of lies) {
      const answer = client.fetch('/');
      await until(() => lines.some((line) => line.op === 'http_request' && !('seen' in line)));
      const request = lines.splice(0).find((line) => line.op === 'http_request');
      assert.ok(request?.op === 'http_request');
      for (const line of said) raw.send(line.replace('ID', request.request_id));
      await assert.rejects(answer, { code }, said.join());
    }
    const flooded = client.fetch('/');
    await until(() => lines.some(({ op }) => op === 'http_request'));
    const id = String(lines.flatMap((line) => (line.op === 'http_request' ? [line.request_id] : []))[0]);
    raw.send(`{"op":"http_response","request_id":"${id}","status_code":200,"streamed":true}`);
    const body = (await flooded).body;
    for (let piece = 0; piece < 12; piece += 1)
      raw.send(JSON.stringify({ op: 'http_body', request_id: id, data: Buffer.alloc(65_536).toString('base64'), last: false }));
    await until(() => client.pending === 0);
    await assert.rejects(body?.getReader().read() ?? Promise.resolve(), { code: 'MODULE_PROTOCOL_ERROR' });
    raw.send('{"op":"http_response","request_id":"never","status_code":200}');
    raw.send('{"op":"http_window","request_id":"99999","bytes":1}');
    await until(() => reports.length === 2);
    assert.deepEqual(new Set(reports.map(({ kind }) => kind)), new Set(['unexpected']));
  });

  it('serves a Fastify application by inject', async () => {
    const app = fastify();
    app.post<{ Params: { id: string } }>('/items/:id', (request, reply) =>
      reply.header('set-cookie', ['a=1', 'b=2']).code(201).send({ id: request.params.id, body: request.body }),
    );
    app.get('/nothing', (_request, reply) => reply.code(204).send());
    await using served = await started(fastifyHandler(app));
    const made = await served.http.fetch('/items/7?x=1', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"a":1}',
    });
    assert.deepEqual(
      [made.status, made.headers.getSetCookie(), await made.json()],
      [201, ['a=1', 'b=2'], { id: '7', body: { a: 1 } }],
    );
    assert.equal((await served.http.fetch('/nothing')).status, 204);
    assert.equal((await served.http.fetch('/elsewhere')).status, 404);
    await app.close();
  });

  it('lets a Fastify handler see that its events are read no more', async () => {
    const app = fastify();
    const ended = new Map<string, PromiseWithResolvers<void>>();
    const over = (name: string): PromiseWithResolvers<void> => {
      const known = ended.get(name) ?? Promise.withResolvers<void>();
      ended.set(name, known);
      return known;
    };
    app.get('/raw', (_request, reply) => {
      reply.hijack();
      reply.raw.writeHead(200, { 'content-type': 'text/event-stream' });
      reply.raw.write('data: raw\n\n');
      reply.raw.on('close', over('raw').resolve);
    });
    app.get('/source', (request, reply) => {
      request.raw.on('close', over('request').resolve);
      const events = async function* (): AsyncGenerator<string> {
        try {
          for (;;) {
            yield 'data: source\n\n';
            await settle();
          }
        } finally {
          over('source').resolve();
        }
      };
      return reply.type('text/event-stream').send(Readable.from(events()));
    });
    await using served = await started(fastifyHandler(app));
    for (const path of ['raw', 'source']) {
      const { body } = await served.http.fetch(`/${path}`);
      const reader = body?.getReader();
      assert.match(Buffer.from((await reader?.read())?.value ?? []).toString(), new RegExp(`^data: ${path}`));
      await reader?.cancel();
    }
    await Promise.all(['raw', 'request', 'source'].map((name) => over(name).promise));
    assert.equal(served.http.pending, 0);
    await app.close();
  });

  it('finishes what is under way before it stops', async () => {
    const gate = Promise.withResolvers<void>();
    const served = createTestHost({
      start: async () => ({
        endpoints: [],
        fetch: async () => (await gate.promise, new Response('done')),
        stop: async () => undefined,
      }),
    });
    await served.announced;
    const answer = served.http.fetch('/');
    await settle();
    const ended = served.shutdown();
    gate.resolve();
    assert.equal(await (await answer).text(), 'done');
    assert.equal(await ended, 'stopped');
  });
});
