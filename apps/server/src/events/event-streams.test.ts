import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { SqliteStore } from '@loopwright/engine';
import { type Clock, executionEventPageSchema, globalEventPageSchema, systemClock } from '@loopwright/protocol';
import { type TestServer, errorIn, openServer, start, startReview, untilStatus } from '../http/app-fixture.ts';
import { type SseReader, openSse } from './sse-reader-fixture.ts';

/** A clock whose long waits are over at once. */
function hurriedClock(hurriedMs = 5): Clock & { forward(ms: number): void } {
  let ahead = 0;
  return {
    now: () => systemClock.now() + ahead,
    schedule: (delayMs, run) => systemClock.schedule(delayMs > 2500 ? hurriedMs : delayMs, run),
    forward: (ms) => void (ahead += ms),
  };
}

async function waitFor(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!condition()) {
    assert.ok(performance.now() < deadline, 'waited for 60 s');
    await new Promise((resolve) => void setTimeout(resolve, 3));
  }
}

interface WebSocketReader {
  readonly messages: { event_type: string; seq?: number; position?: number }[];
  readonly closed: Promise<{ code: number; reason: string }>;
  close(): void;
}

function openWebSocket(url: string): WebSocketReader {
  const socket = new WebSocket(url.replace('http', 'ws'));
  const messages: WebSocketReader['messages'] = [];
  socket.addEventListener('message', ({ data }) => void messages.push(JSON.parse(String(data))));
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.addEventListener('close', ({ code, reason }) => resolve({ code, reason }));
  });
  return { messages, closed, close: () => socket.close() };
}

const numbers = (reader: SseReader, of: 'seq' | 'position' = 'seq'): number[] =>
  reader.blocks.flatMap(({ message }) => message[of] ?? []);
const upTo = (last: number, first = 1): number[] => Array.from({ length: last - first + 1 }, (_, index) => first + index);
const events = (from: TestServer, id: string, query = ''): string => `${from.url}/api/v1/executions/${id}/events${query}`;
const all = (from: TestServer, query = ''): string => `${from.url}/api/v1/events${query}`;

async function runOne(server: TestServer, project = 'p-1'): Promise<string> {
  const started = await server.post('/api/v1/workflows/plain/start', { project_id: project });
  const { execution_id: id } = started.body as { execution_id: string };
  await untilStatus(server, id, 'completed');
  return id;
}

let server: TestServer;
before(async () => {
  server = await openServer();
});
after(() => server[Symbol.asyncDispose]());

describe('GET /api/v1/executions/{execution_id}/events', () => {
  it('is the same stream by WebSocket, SSE and page: messages, order and cursor', async () => {
    const id = await runOne(server);
    const socket = openWebSocket(`${server.url}/api/v1/ws/executions/${id}`);
    const stream = await openSse(events(server, id));
    await Promise.all([socket.closed, stream.closed]);
    const page = executionEventPageSchema.parse((await server.get(`/api/v1/executions/${id}/events`)).body);
    const bySse = stream.blocks.filter(({ event }) => event === 'message');
    assert.deepEqual(
      bySse.map(({ message }) => message),
      page.events,
    );
    assert.deepEqual(socket.messages.slice(1), page.events);
    assert.deepEqual(
      bySse.map(({ id: of }) => Number(of)),
      page.events.map(({ seq }) => seq),
    );
    assert.deepEqual([page.cursor, page.has_more, page.is_final, page.gaps], [6, false, true, []]);
    assert.deepEqual(
      stream.blocks.map(({ event }) => event),
      ['connected', ...bySse.map(() => 'message'), 'end'],
    );
    assert.equal(stream.headers['content-type'], 'text/event-stream; charset=utf-8');
    assert.match(String(stream.headers['x-request-id']), /^[0-9a-f-]{36}$/);
  });

  it('goes on behind Last-Event-ID, which counts more than `after`, and tells an EventSource that there is nothing more', async () => {
    const id = await runOne(server);
    for (const cut of upTo(5, 0)) {
      const rest = await openSse(events(server, id, '?after=2'), { 'last-event-id': String(cut) });
      await rest.closed;
      assert.deepEqual(numbers(rest), upTo(6, cut + 1));
    }
    assert.equal((await openSse(events(server, id), { 'last-event-id': '6' })).status, 204);
    for (const wrong of ['x', '-1', '1.5', '1e3', '0x10', '9'.repeat(30), '1, 2', ''])
      errorIn(await server.get(`/api/v1/executions/${id}/events`, { 'last-event-id': wrong }), 'VALIDATION_ERROR');
    for (const query of [
      '?after=x',
      '?after=-1',
      '?after=7',
      '?limit=0',
      '?limit=1001',
      '?other=1',
      '?event_type=',
      '?event_type=a*b',
    ])
      errorIn(await server.get(`/api/v1/executions/${id}/events${query}`), 'VALIDATION_ERROR');
    errorIn(await server.get('/api/v1/executions/nobody/events', { accept: 'text/event-stream' }), 'EXECUTION_NOT_FOUND');
  });

  it('keeps line breaks in the data of an event out of the lines of the stream', async () => {
    const { execution_id: id } = await startReview(server);
    const reason = 'a\r\n\r\nevent: end\r\ndata: {"event_type":"end"}\n\nid: 99\u2028\u0085\u0000:x';
    await server.post(`/api/v1/executions/${id}/cancel`, { reason });
    const stream = await openSse(events(server, id));
    await stream.closed;
    const last = stream.blocks.at(-2);
    assert.deepEqual(last?.message['data'], { cancelled_by: 'developer', reason });
    assert.deepEqual(stream.blocks.filter(({ event }) => event === 'end').length, 1);
    assert.deepEqual(numbers(stream), upTo(numbers(stream).length));
    assert.ok(!stream.text().includes('\r'));
  });

  it('gives pages, CloudEvents and an answer to HEAD', async () => {
    const id = await runOne(server);
    const first = executionEventPageSchema.parse((await server.get(`/api/v1/executions/${id}/events?limit=4`)).body);
    assert.deepEqual([first.events.length, first.cursor, first.has_more, first.is_final], [4, 4, true, false]);
    const steps = executionEventPageSchema.parse(
      (await server.get(`/api/v1/executions/${id}/events?event_type=step_*,completed`)).body,
    );
    assert.deepEqual(
      steps.events.map(({ seq }) => seq),
      [2, 3, 4, 5, 6],
    );
    const accept = 'application/cloudevents-batch+json';
    const batch = await fetch(events(server, id), { headers: { accept } });
    assert.equal(batch.headers.get('content-type')?.startsWith(accept), true);
    assert.partialDeepStrictEqual(await batch.json(), [
      { specversion: '1.0', id: `${id}/1`, type: 'dev.loopwright.execution.execution_started', data: { seq: 1 } },
    ]);
    const stream = await fetch(events(server, id, '?format=cloudevents&after=5'), { headers: { accept: 'text/event-stream' } });
    assert.match(await stream.text(), /id: 6\ndata: \{"specversion":"1.0".*"type":"dev.loopwright.execution.completed"/);
    const head = await fetch(events(server, id), { method: 'HEAD', headers: { accept: 'text/event-stream' } });
    assert.equal(head.status, 200);
  });

  it('ends with a reason and a hint when the server closes', async () => {
    const own = await openServer();
    const { execution_id: id } = await startReview(own);
    const stream = await openSse(events(own, id));
    const global = await openSse(all(own));
    const socket = openWebSocket(`${own.url}/api/v1/ws/events`);
    await waitFor(() => numbers(stream).length >= 4 && numbers(global).length >= 4 && socket.messages.length >= 4);
    await own[Symbol.asyncDispose]();
    await Promise.all([stream.closed, global.closed]);
    const last = numbers(stream).at(-1);
    assert.deepEqual(stream.blocks.at(-1)?.message, {
      event_type: 'closing',
      reason: 'closing',
      cursor: last,
      retry_after_ms: 1000,
    });
    assert.equal(global.blocks.at(-1)?.event, 'closing');
    assert.equal((await socket.closed).code, 1001);
  });
});

describe('GET /api/v1/events', () => {
  it('is one order of all executions, the same by WebSocket, SSE and page, resumed at every cut', async () => {
    await using own = await openServer();
    const follower = await openSse(all(own));
    const socket = openWebSocket(`${own.url}/api/v1/ws/events`);
    await Promise.all([runOne(own, 'p-1'), runOne(own, 'p-2'), runOne(own, 'p-1')]);
    await waitFor(() => numbers(follower, 'position').length === 18 && socket.messages.length === 19);
    assert.deepEqual(numbers(follower, 'position'), upTo(18));
    const page = globalEventPageSchema.parse((await own.get('/api/v1/events?limit=1000')).body);
    assert.deepEqual(
      follower.blocks.slice(1).map(({ message }) => message),
      page.events,
    );
    assert.deepEqual(socket.messages.slice(1), page.events);
    for (const cut of upTo(17, 0)) {
      const rest = await openSse(all(own), { 'last-event-id': String(cut) });
      await waitFor(() => numbers(rest, 'position').length === 18 - cut);
      assert.deepEqual(numbers(rest, 'position'), upTo(18, cut + 1));
      rest.request.destroy();
    }
    errorIn(await own.get('/api/v1/events?after=19'), 'VALIDATION_ERROR');
    const paged: number[] = [];
    for (let cursor = 0, more = true; more;) {
      const next = globalEventPageSchema.parse((await own.get(`/api/v1/events?limit=5&after=${cursor}`)).body);
      paged.push(...next.events.map(({ position }) => position));
      [cursor, more] = [next.cursor, next.has_more];
    }
    assert.deepEqual(paged, upTo(18));
    follower.request.destroy();
    socket.close();
    await waitFor(() => own.streams() === 0 && own.listeners() === 0);
  });

  it('filters by project, workflow, execution and type, and shows nobody what they may not see', async () => {
    const maySee = (_who: unknown, project: string): boolean => project !== 'hidden';
    await using own = await openServer({ maySee });
    const [a, b, hidden] = [await runOne(own, 'p-1'), await runOne(own, 'p-2'), await runOne(own, 'hidden')];
    const wanted = async (query: string): Promise<number[]> => {
      const page = globalEventPageSchema.parse((await own.get(`/api/v1/events?limit=1000&${query}`)).body);
      assert.equal(page.cursor, 18);
      const stream = await openSse(all(own, `?${query}`));
      await waitFor(() => numbers(stream, 'position').length >= page.events.length);
      stream.request.destroy();
      const positions = page.events.map(({ position }) => position);
      assert.deepEqual(numbers(stream, 'position'), positions);
      return positions;
    };
    assert.deepEqual(await wanted(''), upTo(12));
    assert.deepEqual(await wanted('project_id=p-2'), upTo(12, 7));
    assert.deepEqual(await wanted('project_id=hidden'), []);
    assert.deepEqual(await wanted(`execution_id=${a},${hidden}`), upTo(6));
    assert.deepEqual(await wanted(`execution_id=${a}&execution_id=${b}&event_type=completed`), [6, 12]);
    assert.deepEqual(await wanted('workflow_id=review'), []);
    assert.deepEqual(await wanted('workflow_id=plain,review&event_type=step_c*'), [3, 5, 9, 11]);
    errorIn(await own.get(`/api/v1/executions/${hidden}/events`), 'EXECUTION_NOT_FOUND');
    const socket = openWebSocket(`${own.url}/api/v1/ws/executions/${hidden}`);
    assert.deepEqual(await socket.closed, { code: 1008, reason: 'EXECUTION_NOT_FOUND' });
    const many = Array.from({ length: 101 }, (_, index) => `e${index}`).join(',');
    for (const query of [`execution_id=${many}`, 'project_id=', 'typ=x', `workflow_id=${'x'.repeat(201)}`])
      errorIn(await own.get(`/api/v1/events?${query}`), 'VALIDATION_ERROR');
  });

  it('begins at the newest event with after=latest', async () => {
    await using own = await openServer();
    await runOne(own);
    const stream = await openSse(all(own, '?after=latest'));
    await waitFor(() => stream.blocks.length === 1);
    await runOne(own);
    await waitFor(() => numbers(stream, 'position').length === 6);
    assert.deepEqual(numbers(stream, 'position'), upTo(12, 7));
    stream.request.destroy();
  });

  it('tells of gaps where history is gone, to streams and pages', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'loopwright-gaps-'));
    const first = await openServer({ dir });
    await runOne(first);
    const kept = await startReview(first);
    await runOne(first);
    await first[Symbol.asyncDispose]();
    const store = new SqliteStore({ dir: join(dir, 'engine'), durability: 'process', onEvents: () => undefined });
    while (await store.write((transaction) => transaction.compactEnded(systemClock.now()))) continue;
    await store[Symbol.asyncDispose]();
    await using again = await openServer({ dir });
    const page = globalEventPageSchema.parse((await again.get('/api/v1/events?limit=1000')).body);
    assert.deepEqual(page.gaps[0], { event_type: 'gap', from_position: 1, to_position: 5 });
    const told = page.events.map(({ position }) => position);
    for (const { from_position: from, to_position: to } of page.gaps) told.push(...upTo(to, from));
    assert.deepEqual(
      told.toSorted((x, y) => x - y),
      upTo(page.cursor),
    );
    const stream = await openSse(all(again, '?after=2'));
    await waitFor(() => numbers(stream, 'position').at(-1) === page.cursor);
    assert.deepEqual(stream.blocks[1], {
      event: 'gap',
      id: '5',
      message: { event_type: 'gap', from_position: 3, to_position: 5 },
    });
    stream.request.destroy();
    const open = globalEventPageSchema.parse((await again.get(`/api/v1/events?execution_id=${kept.execution_id}`)).body);
    assert.deepEqual(open.gaps, []);
    rmSync(dir, { recursive: true, force: true });
  });
});

/** Opens a connection by hand, which answers nothing. */
function mute(url: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const key = { 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' };
    const call = request(url, { headers: { connection: 'upgrade', upgrade: 'websocket', ...key } });
    call.on('upgrade', (_response, socket) => resolve(socket));
    call.on('error', reject);
    call.end();
  });
}

describe('the readers of events', () => {
  it('are limited, for each user and in all', async () => {
    await using own = await openServer({ streamLimits: { perUser: 2, total: 3 } });
    const { execution_id: id } = await startReview(own);
    const held = [await openSse(events(own, id)), await openSse(all(own))];
    const third = await openSse(events(own, id));
    await third.closed;
    assert.equal(third.status, 429);
    assert.equal(third.headers['retry-after'], '5');
    assert.deepEqual(await openWebSocket(`${own.url}/api/v1/ws/events`).closed, { code: 1013, reason: 'RATE_LIMITED' });
    held.push(await openSse(all(own), { 'x-user-id': 'bob' }));
    const fourth = await openSse(all(own), { 'x-user-id': 'cyd' });
    assert.equal(fourth.status, 429);
    for (const reader of held) reader.request.destroy();
    await waitFor(() => own.streams() === 0);
    const free = await openSse(all(own));
    assert.equal(free.status, 200);
    free.request.destroy();
  });

  it('hear a heartbeat that moves their cursor past what they do not want, and are dropped when they answer none', async () => {
    // Slow enough that a client which answers is not dropped on a busy machine.
    await using own = await openServer({ clock: hurriedClock(100) });
    const { execution_id: id } = await startReview(own);
    const stream = await openSse(all(own, '?event_type=nothing'));
    const socket = openWebSocket(`${own.url}/api/v1/ws/events?event_type=nothing`);
    await waitFor(() => /: ping\nid: \d+\n\n/.test(stream.text()) && stream.text().split(': ping\n\n').length > 3);
    await waitFor(() => socket.messages.some(({ event_type: type }) => type === 'cursor'));
    assert.equal(own.streams(), 2);
    const silent = await mute(`${own.url}/api/v1/ws/executions/${id}`);
    silent.resume();
    await new Promise((resolve) => void silent.on('close', resolve));
    await waitFor(() => own.streams() === 2);
    stream.request.destroy();
    socket.close();
  });

  it('are cut off when they may not see any more what they read', async () => {
    let isAllowed = true;
    await using own = await openServer({ clock: hurriedClock(), maySee: () => isAllowed });
    const { execution_id: id } = await startReview(own);
    const stream = await openSse(events(own, id));
    const socket = openWebSocket(`${own.url}/api/v1/ws/executions/${id}`);
    await waitFor(() => numbers(stream).length >= 4 && socket.messages.length >= 4);
    isAllowed = false;
    await stream.closed;
    assert.equal(stream.blocks.at(-1)?.message['reason'], 'forbidden');
    assert.deepEqual(await socket.closed, { code: 1008, reason: 'FORBIDDEN' });
  });

  it('cost little when they take nothing, are cut off after a while, and find the rest in the store', async () => {
    const clock = hurriedClock();
    await using own = await openServer({ clock, streamLimits: { stallMs: 60_000 } });
    const sockets: Socket[] = [];
    own.app.server.on('connection', (socket: Socket) => sockets.push(socket));
    const { execution_id: id } = await start(own, 'noisy', { characters: 100_000, times: 60 });
    await untilStatus(own, id, 'waiting_acceptance');
    const slow = await openSse(events(own, id));
    slow.response.pause();
    const slowAll = await openSse(all(own));
    slowAll.response.pause();
    await waitFor(() => sockets.filter(({ writableLength }) => writableLength > 200_000).length === 2);
    await runOne(own);
    const held = sockets.map(({ writableLength }) => writableLength);
    assert.ok(Math.max(...held) < 1024 * 1024, `one holds ${Math.max(...held)} bytes`);
    assert.equal(own.streams(), 2);
    clock.forward(61_000);
    await waitFor(() => own.streams() === 0);
    const whole = await openSse(events(own, id));
    await waitFor(() => whole.blocks.at(-1)?.message.event_type === 'waiting_acceptance');
    assert.deepEqual(numbers(whole), upTo(numbers(whole).length));
    whole.request.destroy();
  });

  it('are 300 on one execution, by either way, and each gets each event once', async () => {
    await using own = await openServer();
    const { execution_id: id } = await start(own, 'hold');
    const streams = await Promise.all(Array.from({ length: 150 }, () => openSse(events(own, id))));
    const socketUrl = `${own.url}/api/v1/ws/executions/${id}`;
    const sockets = Array.from({ length: 150 }, () => openWebSocket(socketUrl));
    await waitFor(() => own.streams() === 300);
    assert.equal(own.listeners(), 1);
    own.release();
    await Promise.all([...streams, ...sockets].map(({ closed }) => closed));
    for (const stream of streams) assert.deepEqual(numbers(stream), upTo(6));
    for (const { messages } of sockets)
      assert.deepEqual(
        messages.flatMap(({ seq }) => seq ?? []),
        upTo(6),
      );
    await waitFor(() => own.streams() === 0 && own.listeners() === 0);
  });
});
