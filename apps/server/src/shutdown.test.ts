import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { startTestServer } from './server-fixture.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loopwright-shutdown-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('SIGTERM', () => {
  it('ends the server in a bounded time, although a request never comes to its end', async () => {
    const server = await startTestServer(['--data-dir', dir, '--drain-timeout-ms', '300', '--log-level', 'info']);
    const lines: string[] = [];
    server.process.stderr?.on('data', (chunk: Buffer) => lines.push(chunk.toString()));
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      'POST /api/v1/examples HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer key-that-must-not-show\r\nContent-Type: text/csv\r\nContent-Length: 99\r\n\r\ntext',
    );
    const answer = await fetch(`${server.url}/api/v1/workflows/nothing/start`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-csrf-token': 'token-that-must-not-show',
        cookie: 'a=cookie-that-must-not-show',
      },
      body: '{"project_id":"p"}',
    });
    assert.equal(answer.status, 404);
    const exited = once(server.process, 'exit');
    server.process.kill('SIGTERM');
    assert.deepEqual(await exited, [0, null]);
    const log = lines.join('');
    assert.doesNotMatch(log, /must-not-show/);
    const line = log.split('\n').find((text) => text.includes('"msg":"request"') && text.includes('/start'));
    const entry = JSON.parse(line ?? '{}') as Record<string, unknown>;
    assert.deepEqual(
      [entry['route'], entry['status'], entry['user']],
      ['/api/v1/workflows/:workflow_id/start', 404, 'developer'],
    );
    assert.equal(entry['trace_id'], answer.headers.get('traceparent')?.split('-')[1]);
    assert.equal(entry['request_id'], answer.headers.get('x-request-id'));
  });
});
