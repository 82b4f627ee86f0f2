import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { executionEventPageSchema } from '@loopwright/protocol';
import { type RunServer, createOne, expectStatus, nextOf, openRunServer } from '../../runs/runs-fixture.ts';

let server: RunServer;
let id: string;
before(async () => {
  server = await openRunServer();
  id = (await createOne(server, { profile: 'small_one', intake: 'x' })).run_id;
  await nextOf(server, id);
});
after(() => server[Symbol.asyncDispose]());

/** The events of a run over a WebSocket, until one of a type comes. */
function heard(path: string, last: string): Promise<string[]> {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}${path}`);
  const types: string[] = [];
  return new Promise((resolve, reject) => {
    socket.addEventListener('message', ({ data }) => {
      types.push(Object(JSON.parse(String(data))).event_type);
      if (types.at(-1) !== last) return;
      socket.close();
      resolve(types);
    });
    socket.addEventListener('close', ({ code, reason }) => reject(new Error(`Cannot hear more: ${code} ${reason}`)));
  });
}

describe('/runs/{id}/stream', () => {
  it('sends what has happened and what happens, to a WebSocket and as Server-Sent Events', async () => {
    for (const face of ['/runs', '/api/v1/runs']) {
      const types = await heard(`${face}/${id}/stream`, 'spent');
      assert.deepEqual(types.slice(0, 3), ['connected', 'execution_started', 'listening']);
    }
    const response = await fetch(`${server.url}/runs/${id}/stream?after=1`, { headers: { accept: 'text/event-stream' } });
    assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const until = async (pattern: RegExp): Promise<void> => {
      while (!pattern.test(text)) {
        const read = await reader?.read();
        assert.equal(read?.done, false, `the stream ended: ${text}`);
        text += read?.value ?? '';
      }
    };
    await until(/"event_consumed"[^]*"planning"|"spent"/);
    assert.doesNotMatch(text, /"execution_started"/, 'it goes on behind the cursor');
    await server.post(`/runs/${id}/cancel`, undefined, { 'x-user-id': 'ann' });
    await until(/"cancelled"/);
    await reader?.cancel();
  });

  it('is a page of JSON for whoever wants no stream, and nothing for a run that there is not', async () => {
    const page = executionEventPageSchema.parse(expectStatus(await server.get(`/runs/${id}/stream?limit=2`), 200));
    assert.equal(page.events.length, 2);
    expectStatus(await server.get('/runs/none/stream'), 404);
    for (const [face, status] of [
      ['/runs', 422],
      ['/api/v1/runs', 400],
    ] as const)
      expectStatus(await server.get(`${face}/${id}/stream`, { 'last-event-id': 'nonsense' }), status);
    await assert.rejects(heard('/runs/none/stream', 'spent'));
  });
});
