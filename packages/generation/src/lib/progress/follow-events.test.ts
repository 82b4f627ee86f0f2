import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import type { GenerationEvent } from '@loopwright/protocol';
import { exampleResult } from '../conformance-suite/generation-service.ts';
import { PtcClient } from '../request/ptc-client.ts';
import { json, service } from '../fixtures/test-service.ts';
import { STREAM_ATTEMPT_LIMIT } from './limits.ts';

const plan = { execution_id: 'exec/1', scaffolding: { task_description: 'Tell spam from ham' } };
const eventOf = (id: string, event_type: string, more: object = {}): string =>
  `id: ${id}\ndata: ${JSON.stringify({ id, event_type, timestamp: '2026-01-01T00:00:00Z', ...more })}\n\n`;

type Streamed = (response: ServerResponse, opening: number, lastEventId: string | undefined) => void;

/** A service that tells of its executions by `streamed`, and has the result when `finish` is called. */
async function serviceWith(streamed: Streamed) {
  const { promise, resolve } = Promise.withResolvers<void>();
  let openings = 0;
  const server = await service((response, request) => {
    if (request.method === 'POST') return promise.then(() => json(200, exampleResult())(response, request));
    openings += 1;
    return streamed(response, openings, request.headers['last-event-id'] as string | undefined);
  });
  return { server, finish: resolve, openings: () => openings, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
const stream = (response: ServerResponse): ServerResponse =>
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });

describe('PtcClient progress', () => {
  it('passes on what the service tells while it works, and says begin and end once', async () => {
    await using at = await serviceWith((response) => {
      const text = [
        eventOf('1', 'connected'),
        eventOf('2', 'execution_started'),
        eventOf('3', 'code_generating', { stage: 'code', progress: 0.25, data: { iteration: 1 }, execution_id: 'theirs' }),
        'data: {not json\n\n',
        eventOf('4', 'invented_later'),
        eventOf('5', 'test_passed', { message: null, progress: 2 }),
        eventOf('6', 'test_passed', { message: 'all', error: null }),
        eventOf('7', 'execution_completed'),
      ];
      stream(response).write(text.join(''));
    });
    await using client = new PtcClient({ serviceUrl: at.server.url, authToken: 'secret', retryDelayMs: 5 });
    const heard: GenerationEvent[] = [];
    await client.execute(plan, {
      onProgress: (event) => {
        heard.push(event);
        if (event.event_type === 'test_passed') at.finish();
      },
    });
    assert.deepEqual(
      heard.map(({ event_type, execution_id, stage, progress }) => [event_type, execution_id, stage, progress]),
      [
        ['execution_started', 'exec/1', null, null],
        ['code_generating', 'exec/1', 'code', 0.25],
        ['test_passed', 'exec/1', null, null],
        ['execution_completed', 'exec/1', null, 1],
      ],
    );
    const asked = at.server.requests.find((request) => request.method === 'GET');
    assert.equal(asked?.url, '/executions/exec%2F1/events');
    assert.deepEqual([asked?.headers.accept, asked?.headers.authorization], ['text/event-stream', 'Bearer secret']);
  });

  it('takes a stream up where it broke off, and closes it when the result is there', async () => {
    const closed: Promise<unknown>[] = [];
    await using at = await serviceWith((response, opening, lastEventId) => {
      closed.push(once(response, 'close'));
      if (opening === 1) response.writeHead(404).end();
      else if (opening === 2) {
        stream(response).write(eventOf('a', 'progress', { progress: 0.1 }) + 'data: {"id":"cut');
        setImmediate(() => response.destroy());
      } else stream(response).write(eventOf(`after-${lastEventId}`, 'progress', { progress: 0.2 }));
    });
    await using client = new PtcClient({ serviceUrl: at.server.url, retryDelayMs: 5 });
    const heard: string[] = [];
    await client.execute(plan, {
      onProgress: ({ id }) => {
        heard.push(id);
        if (id === 'after-a') at.finish();
      },
    });
    assert.deepEqual(heard, ['client-1', 'a', 'after-a', 'client-2']);
    await Promise.all(closed);
  });

  it('asks a service without events a few times, and one that refuses once; the execution does not mind', async () => {
    const refusals: { status: number; openings: number }[] = [
      { status: 404, openings: STREAM_ATTEMPT_LIMIT },
      { status: 500, openings: STREAM_ATTEMPT_LIMIT },
      { status: 405, openings: 1 },
      { status: 200, openings: 1 },
    ];
    for (const { status, openings } of refusals) {
      await using at = await serviceWith((response) => void response.writeHead(status).end('{}'));
      await using client = new PtcClient({ serviceUrl: at.server.url, retryDelayMs: 1 });
      const call = client.execute(plan, { onProgress: () => undefined });
      while (at.openings() < openings) await new Promise((done) => setTimeout(done, 5));
      await new Promise((done) => setTimeout(done, 100));
      at.finish();
      assert.equal((await call).status, 'SUCCESS');
      assert.equal(at.openings(), openings, String(status));
    }
  });

  it('asks for no events when nobody listens', async () => {
    await using at = await serviceWith((response) => void stream(response));
    await using client = new PtcClient({ serviceUrl: at.server.url });
    at.finish();
    await client.execute(plan);
    assert.equal(at.openings(), 0);
  });

  it('tells of attempts that failed, and of the failure in the end', async () => {
    await using server = await service((response, request) =>
      request.method === 'POST' ? json(500, {})(response, request) : json(404, {})(response, request),
    );
    await using client = new PtcClient({ serviceUrl: server.url, retryDelayMs: 1, maxRetries: 2 });
    const heard: GenerationEvent[] = [];
    await assert.rejects(client.execute(plan, { onProgress: (event) => heard.push(event) }), /500/);
    assert.deepEqual(
      heard.map(({ event_type, message }) => [event_type, message]),
      [
        ['execution_started', 'The execution has begun'],
        ['warning', 'Attempt 1 of 2 failed; the next one is in 1 ms'],
        ['execution_failed', 'The execution gave no result'],
      ],
    );
    assert.match(heard.at(-1)?.error ?? '', /PTC service error \(500\)/);
  });
});
