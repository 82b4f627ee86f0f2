import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { SqliteStore } from '@loopwright/engine';
import { executionEventSchema, systemClock } from '@loopwright/protocol';
import { z } from 'zod';
import {
  type Answer,
  type TestServer,
  errorIn,
  openServer,
  start,
  startDecision,
  startReview,
  until,
  untilStatus,
} from '../app-fixture.ts';

let server: TestServer;
before(async () => {
  server = await openServer();
});
after(() => server[Symbol.asyncDispose]());

const messageSchema = z.looseObject({ event_type: z.string(), seq: z.int().optional() });
type Message = z.infer<typeof messageSchema>;

/** One reader of a stream of events. */
interface Reader {
  readonly messages: Message[];
  readonly closed: Promise<{ code: number; reason: string }>;
  /** Resolves when an event of this type has come. */
  until(type: string): Promise<void>;
  close(): void;
}

function read(from: TestServer, id: string, query = ''): Reader {
  const socket = new WebSocket(`${from.url.replace('http', 'ws')}/api/v1/ws/executions/${id}${query}`);
  const messages: Message[] = [];
  socket.addEventListener('message', ({ data }) => void messages.push(messageSchema.parse(JSON.parse(String(data)))));
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.addEventListener('close', ({ code, reason }) => resolve({ code, reason }));
  });
  return {
    messages,
    closed,
    until: (type) => waitFor(() => messages.some(({ event_type: seen }) => seen === type)),
    close: () => socket.close(),
  };
}

async function waitFor(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!condition()) {
    assert.ok(performance.now() < deadline, 'waited for 60 s');
    await new Promise((resolve) => void setTimeout(resolve, 3));
  }
}

/** Opens the stream by hand; gives the connection, or the answer that refused it. */
function upgrade(from: TestServer, path: string, headers: Record<string, string> = {}): Promise<Socket | IncomingMessage> {
  return new Promise((resolve, reject) => {
    const key = { 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' };
    const call = request(from.url + path, { headers: { connection: 'upgrade', upgrade: 'websocket', ...key, ...headers } });
    call.on('upgrade', (_response, socket, head) => {
      socket.unshift(head);
      resolve(socket);
    });
    call.on('response', resolve);
    call.on('error', reject);
    call.end();
  });
}

async function refusal(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await upgrade(server, path, headers);
  assert.ok('statusCode' in response, 'the stream was opened');
  let text = '';
  const { socket } = response;
  for await (const chunk of response) text += String(chunk);
  await waitFor(() => socket.destroyed);
  const found = new Headers({ 'x-request-id': String(response.headers['x-request-id']) });
  return { status: response.statusCode ?? 0, headers: found, body: JSON.parse(text) };
}

const sequence = (messages: readonly Message[]): number[] => messages.flatMap(({ seq }) => seq ?? []);
const upTo = (last: number, first = 1): number[] => Array.from({ length: last - first + 1 }, (_, index) => first + index);
const typesOf = (messages: readonly Message[]): string[] => messages.map(({ event_type: type }) => type);

describe('WS /api/v1/ws/executions/{execution_id}', () => {
  it('says that it is connected, then sends every event in order, and ends with the execution', async () => {
    const { execution_id: id } = await start(server, 'plain');
    const reader = read(server, id);
    assert.equal((await reader.closed).code, 1000);
    const [connected, ...events] = reader.messages;
    assert.deepEqual(connected, { event_type: 'connected', execution_id: id, message: `Connected to the execution ${id}` });
    assert.deepEqual(typesOf(events), [
      'execution_started',
      'step_started',
      'step_completed',
      'step_started',
      'step_completed',
      'completed',
    ]);
    assert.deepEqual(sequence(events), upTo(6));
    for (const event of events) assert.equal(executionEventSchema.parse(event).execution_id, id);
    assert.deepEqual(
      events.slice(1, 5).map(({ step_id: step }) => step),
      ['one', 'one', 'two', 'two'],
    );
  });

  it('sends events as they happen', async () => {
    const { execution_id: id } = await start(server, 'review', { text: 'x' });
    const reader = read(server, id);
    await reader.until('waiting_clarification');
    assert.ok(!typesOf(reader.messages).includes('waiting_acceptance'));
    await server.post(`/api/v1/executions/${id}/clarification`, { answers: { LENGTH: 1 } });
    await reader.until('waiting_acceptance');
    const waiting = reader.messages.find(({ event_type: type }) => type === 'waiting_acceptance');
    const { data, step_id: step } = executionEventSchema.parse(waiting);
    const { pending_acceptance: pending } = await untilStatus(server, id, 'waiting_acceptance');
    assert.equal(step, 'decide');
    assert.deepEqual(data, { task_id: pending?.task_id, subject_digest: pending?.subject_digest });
    await server.post(`/api/v1/executions/${id}/acceptance`, { accepted: false });
    assert.equal((await reader.closed).code, 1000);
    assert.equal(reader.messages.at(-1)?.event_type, 'failed');
    assert.deepEqual(sequence(reader.messages), upTo(reader.messages.length - 1));
  });

  it('tells of a pause, of going on, and of a cancel', async () => {
    const { execution_id: id } = await startReview(server);
    const reader = read(server, id);
    await reader.until('waiting_clarification');
    for (const verb of ['pause', 'resume', 'cancel']) await server.post(`/api/v1/executions/${id}/${verb}`);
    assert.equal((await reader.closed).code, 1000);
    assert.deepEqual(typesOf(reader.messages).slice(-3), ['paused', 'resumed', 'cancelled']);
  });

  it('goes on behind the cursor, with nothing lost and nothing doubled, at every cut', async () => {
    const { execution_id: id } = await startDecision(server);
    await server.post(`/api/v1/executions/${id}/acceptance`, { accepted: true });
    await untilStatus(server, id, 'completed');
    const whole = read(server, id);
    await whole.closed;
    const last = sequence(whole.messages).at(-1) ?? 0;
    for (const cut of upTo(last, 0)) {
      const rest = read(server, id, `?after=${cut}`);
      assert.equal((await rest.closed).code, 1000);
      assert.deepEqual(sequence(rest.messages), upTo(last, cut + 1));
    }
  });

  it('loses nothing when a reader comes back again and again while things happen', async () => {
    const { execution_id: id } = await start(server, 'noisy', { characters: 10, times: 60 });
    const seen: number[] = [];
    while (seen.length < 120) {
      const reader = read(server, id, `?after=${seen.at(-1) ?? 0}`);
      await waitFor(() => sequence(reader.messages).length >= 7 || seen.length + reader.messages.length > 120);
      reader.close();
      await reader.closed;
      seen.push(...sequence(reader.messages));
    }
    assert.deepEqual(seen, upTo(seen.length));
  });

  it('serves several readers at once, each all of it', async () => {
    await using own = await openServer();
    const { execution_id: id } = await start(own, 'hold');
    const readers = Array.from({ length: 10 }, () => read(own, id));
    await Promise.all(readers.map((reader) => reader.until('step_started')));
    assert.equal(own.streams(), 10);
    assert.equal(own.listeners(), 1);
    readers[0]?.close();
    await readers[0]?.closed;
    own.release();
    await Promise.all(readers.map(({ closed }) => closed));
    for (const { messages } of readers.slice(1)) assert.deepEqual(sequence(messages), upTo(6));
    assert.deepEqual(sequence(readers[0]?.messages ?? []), [1, 2]);
    await waitFor(() => own.listeners() === 0);
  });

  it('closes with 1008 when there is no such execution', async () => {
    const reader = read(server, 'nobody');
    assert.deepEqual(await reader.closed, { code: 1008, reason: 'EXECUTION_NOT_FOUND' });
    assert.deepEqual(reader.messages, []);
  });

  it('leaves nothing behind when a reader goes, whatever way', async () => {
    await using own = await openServer();
    const { execution_id: id } = await start(own, 'hold');
    await until(own, id, ({ current_step_id: step }) => step === 'work');
    const polite = read(own, id);
    await polite.until('step_started');
    const rude = await upgrade(own, `/api/v1/ws/executions/${id}`);
    const broken = await upgrade(own, `/api/v1/ws/executions/${id}`);
    assert.ok('destroy' in rude && 'write' in broken);
    await waitFor(() => own.streams() === 3);
    polite.close();
    rude.destroy();
    broken.write('this is no frame');
    broken.resume();
    await waitFor(() => own.streams() === 0 && own.listeners() === 0);
    assert.equal(own.app.websocketServer.clients.size, 0);
    own.release();
    await untilStatus(own, id, 'completed');
  });

  it('reads a long history at the pace of its reader, and serves others meanwhile', async () => {
    await using own = await openServer();
    const { execution_id: id } = await start(own, 'noisy', { characters: 300_000, times: 60 });
    await waitFor(() => own.engine.read.execution(id)?.status === 'waiting_acceptance');
    const slow = await upgrade(own, `/api/v1/ws/executions/${id}`);
    assert.ok('pause' in slow && 'write' in slow);
    slow.pause();
    const fast = read(own, id);
    await fast.until('waiting_acceptance');
    const all = sequence(fast.messages);
    assert.deepEqual(all, upTo(all.length));
    const held = [...own.app.websocketServer.clients].map(({ bufferedAmount }) => bufferedAmount);
    assert.ok(Math.max(...held) > 0, 'the slow reader took everything');
    assert.ok(Math.max(...held) < 2 * 1024 * 1024, `it holds ${Math.max(...held)} bytes`);
    let text = '';
    slow.on('data', (chunk) => {
      text = (text + chunk.toString('latin1')).replaceAll(/x{100,}/g, 'x');
    });
    slow.resume();
    await waitFor(() => text.includes('"event_type":"waiting_acceptance"') && text.endsWith('}'));
    assert.deepEqual(
      [...text.matchAll(/"seq":(\d+)\}/g)].map(([, seq]) => Number(seq)),
      all,
    );
    slow.destroy();
    fast.close();
  });

  it('refuses a foreign page, a foreign host, an odd user and a cursor that is none, before it is opened', async () => {
    const { execution_id: id } = await startReview(server);
    const path = `/api/v1/ws/executions/${id}`;
    errorIn(await refusal(path, { origin: 'https://evil.example' }), 'FORBIDDEN');
    errorIn(await refusal(path, { origin: 'null' }), 'FORBIDDEN');
    errorIn(await refusal(path, { host: 'evil.example' }), 'FORBIDDEN');
    errorIn(await refusal(path, { 'x-user-id': 'a b' }), 'UNAUTHORIZED');
    errorIn(await refusal(`${path}?after=x`), 'VALIDATION_ERROR');
    errorIn(await refusal(`${path}?after=-1`), 'VALIDATION_ERROR');
    errorIn(await refusal('/api/v1/ws/nothing'), 'NOT_FOUND');
    const own = await upgrade(server, path, { origin: server.url });
    assert.ok('destroy' in own);
    own.destroy();
    await waitFor(() => server.listeners() === 0);
  });

  it('does not keep the server from closing when a reader hangs', async () => {
    const own = await openServer();
    const { execution_id: id } = await startReview(own);
    const stuck = await upgrade(own, `/api/v1/ws/executions/${id}`);
    assert.ok('pause' in stuck);
    stuck.pause();
    const reader = read(own, id);
    await reader.until('waiting_clarification');
    await own[Symbol.asyncDispose]();
    assert.equal(stuck.isPaused(), true, 'it was not waited for');
    assert.equal((await reader.closed).code, 1001);
    stuck.destroy();
  });

  it('says which events are gone when the history was compacted behind the cursor', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'loopwright-gap-'));
    const first = await openServer({ dir });
    const { execution_id: id } = await start(first, 'plain');
    await untilStatus(first, id, 'completed');
    await first[Symbol.asyncDispose]();
    const store = new SqliteStore({ dir: join(dir, 'engine'), durability: 'process', onEvents: () => undefined });
    while (await store.write((transaction) => transaction.compactEnded(systemClock.now()))) continue;
    await store[Symbol.asyncDispose]();
    await using again = await openServer({ dir });
    const reader = read(again, id, '?after=2');
    assert.equal((await reader.closed).code, 1000);
    assert.deepEqual(reader.messages[1], { event_type: 'gap', execution_id: id, from_seq: 3, to_seq: 5 });
    assert.deepEqual(sequence(reader.messages), [6]);
    const upToDate = read(again, id, '?after=5');
    await upToDate.closed;
    assert.deepEqual(typesOf(upToDate.messages), ['connected', 'completed']);
    rmSync(dir, { recursive: true, force: true });
  });

  it('says over plain HTTP that it is a WebSocket', async () => {
    const { execution_id: id } = await startReview(server);
    assert.match(errorIn(await server.get(`/api/v1/ws/executions/${id}`), 'VALIDATION_ERROR').message, /open a WebSocket/);
  });
});
