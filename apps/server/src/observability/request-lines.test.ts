import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { z } from 'zod';
import { type TestServer, openServer } from '../http/app-fixture.ts';
import { keyFor } from '../http/identity-fixture.ts';

let server: TestServer;
let own: Record<string, string>;
before(async () => {
  server = await openServer({ logLevel: 'trace', identity: { identity: 'configured' } });
  own = (await keyFor(server.identity, 'ann', 'admin')).headers;
});
after(() => server[Symbol.asyncDispose]());

const lineSchema = z.looseObject({
  msg: z.string().optional(),
  request_id: z.string().optional(),
  trace_id: z.string().optional(),
  status: z.int().optional(),
});

/** The lines of a request, once its last one is written. */
async function linesOf(id: string): Promise<{ text: string; line: z.output<typeof lineSchema> }[]> {
  for (;;) {
    const lines = server.log.map((text) => ({ text, line: lineSchema.parse(JSON.parse(text)) }));
    const found = lines.filter(({ line }) => line.request_id === id);
    if (found.some(({ line }) => line.msg === 'request')) return found;
    await new Promise((resolve) => void setImmediate(resolve));
  }
}

/** Sends a request by hand and cuts the connection once something came back, or at once. */
async function sendRaw(head: string, { waits }: { waits: boolean }): Promise<void> {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(head);
  if (waits) await new Promise((resolve) => void socket.once('data', resolve));
  else await new Promise((resolve) => void setTimeout(resolve, 50));
  socket.destroy();
}

describe('the lines of a request in the log', () => {
  it('each have its id and its trace, once, however it ends', async () => {
    const send = async (method: string, path: string, headers: Record<string, string>, body?: string): Promise<void> => {
      const response = await fetch(server.url + path, { method, headers, body: body ?? null, redirect: 'manual' });
      await response.text();
    };
    const json = { ...own, 'content-type': 'application/json' };
    const authorization = `Authorization: ${own['authorization']}\r\n`;
    const cases: [string, (headers: Record<string, string>, head: string) => Promise<void>][] = [
      ['a read', (headers) => send('GET', '/api/v1/executions', { ...own, ...headers })],
      ['a change', (headers) => send('POST', '/api/v1/workflows/plain/start', { ...json, ...headers }, '{"project_id":"p"}')],
      ['no identity', (headers) => send('GET', '/api/v1/executions', headers)],
      ['a wrong key', (headers) => send('GET', '/api/v1/executions', { ...headers, authorization: 'Bearer lw_none_wrong' })],
      ['a body that is none', (headers) => send('POST', '/api/v1/workflows/plain/start', { ...json, ...headers }, '{')],
      [
        'a body that is too large',
        (headers) => send('POST', '/api/v1/events', { ...json, ...headers }, `"${'x'.repeat(99_999)}"`),
      ],
      ['a path without a route', (headers) => send('GET', '/api/v1/nothing', { ...own, ...headers })],
      ['a method that is none of a path', (headers) => send('DELETE', '/api/v1/executions', { ...own, ...headers })],
      ['a login that fails', (headers) => send('GET', '/auth/callback?code=x', headers)],
      [
        'an upload that is refused',
        (headers) => send('POST', '/api/v1/examples', { ...own, ...headers, 'content-type': 'text/csv' }, 'a\n'),
      ],
      [
        'a stream that its reader leaves',
        (_headers, head) =>
          sendRaw(`GET /api/v1/events HTTP/1.1\r\n${head}${authorization}Accept: text/event-stream\r\n\r\n`, { waits: true }),
      ],
      [
        'a WebSocket that its reader leaves',
        (_headers, head) =>
          sendRaw(
            `GET /api/v1/ws/events HTTP/1.1\r\n${head}${authorization}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
            { waits: true },
          ),
      ],
      [
        'an upload that breaks off',
        (_headers, head) =>
          sendRaw(
            `POST /api/v1/examples HTTP/1.1\r\n${head}${authorization}Content-Type: application/jsonl\r\nContent-Length: 99\r\n\r\n{"`,
            { waits: false },
          ),
      ],
    ];
    for (const [index, [name, run]] of cases.entries()) {
      const id = `line-${index}`;
      const trace = `${index + 1}`.padStart(32, 'a');
      const traceparent = `00-${trace}-b7ad6b7169203331-01`;
      const head = `Host: 127.0.0.1\r\nX-Request-Id: ${id}\r\nTraceparent: ${traceparent}\r\n`;
      await run({ 'x-request-id': id, traceparent }, head);
      const lines = await linesOf(id);
      assert.equal(lines.filter(({ line }) => line.msg === 'request').length, 1, name);
      for (const { text, line } of lines) {
        assert.equal(line.trace_id, trace, `${name}: ${text}`);
        assert.deepEqual(text.match(/"(?:request_id|trace_id)":/g)?.toSorted(), ['"request_id":', '"trace_id":'], text);
      }
    }
    for (const text of server.log) assert.doesNotMatch(text, /"(?:reqId|requestId)"/);
  });

  it('say nothing of a credential', () => {
    const key = own['authorization']?.split(' ')[1] ?? '';
    assert.ok(key.length > 20);
    for (const text of server.log) assert.ok(!text.includes(key), text);
  });
});
