import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { runDetailSchema, runSummarySchema, serverHealthSchema } from '@loopwright/protocol';
import { startProvider } from '@loopwright/models/scripted';
import { scenarioFlags } from './crash/crash-scenario.ts';
import { ANN } from './runs/runs-fixture.ts';
import { openReceiver } from './webhooks/receiver-fixture.ts';
import { NO_PROGRAMS, startTestServer } from './server-fixture.ts';

async function post(url: string, body: object): Promise<unknown> {
  const headers = { ...ANN, 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  assert.ok(response.ok, `${url}: ${response.status}`);
  return response.json();
}

/** The process of the edge runtime, as soon as it runs. */
async function edgeOf(url: string): Promise<number> {
  for (const end = performance.now() + 60_000; ; await delay(20)) {
    const { modules } = serverHealthSchema.parse(await (await fetch(`${url}/health`)).json());
    const found = modules.find(({ id, status }) => id === 'edge' && status === 'running')?.pid;
    if (typeof found === 'number') return found;
    assert.ok(performance.now() < end, 'the edge does not run');
  }
}

async function createRun(url: string): Promise<string> {
  return runSummarySchema.parse(await post(`${url}/runs`, { profile: 'written', project_name: 'p' })).run_id;
}

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loopwright-shutdown-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('SIGTERM', () => {
  it('ends the server in a bounded time, although a request never comes to its end', async () => {
    const server = await startTestServer(['--data-dir', dir, '--drain-timeout-ms', '300', '--log-level', 'info', ...NO_PROGRAMS]);
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

  it('ends it with reasons while a phase works, streams are open, an upload is slow, a webhook waits for its retry and a module hangs', async () => {
    await using provider = await startProvider();
    const asked = Promise.withResolvers<void>();
    // A model that never answers.
    provider.script({ connection: () => asked.resolve() });
    await using receiver = await openReceiver((_got, response) => response.writeHead(500).end());
    const flags = await scenarioFlags(dir, { modelUrl: provider.url });
    const all = [...flags, '--drain-timeout-ms', '1000', '--log-level', 'info'];
    const server = await startTestServer(all, { LOOPWRIGHT_MODEL_API_KEY: 'a-key-of-the-test' });
    await post(`${server.url}/api/v1/webhooks`, { url: receiver.url });
    const { run_id: runId, execution_id: executionId } = runDetailSchema
      .pick({ run_id: true, execution_id: true })
      .parse(
        await fetch(`${server.url}/runs/${await createRun(server.url)}`, { headers: ANN }).then((response) => response.json()),
      );
    const next = fetch(`${server.url}/runs/${runId}/next`, { method: 'POST', headers: ANN });
    await asked.promise;
    const stream = await fetch(`${server.url}/api/v1/events`, { headers: { ...ANN, accept: 'text/event-stream' } });
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/api/v1/ws/executions/${executionId}`);
    const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener('close', resolve));
    await once(socket, 'open');
    const upload = connect(Number(new URL(server.url).port), '127.0.0.1');
    upload.on('error', () => undefined);
    upload.write('POST /api/v1/examples HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/csv\r\nContent-Length: 99\r\n\r\ntext');
    for (const end = performance.now() + 60_000; receiver.received.length === 0; await delay(10))
      assert.ok(performance.now() < end, 'nothing was delivered');
    const edge = await edgeOf(server.url);
    // It neither hears the shutdown nor SIGTERM any more.
    process.kill(edge, 'SIGSTOP');

    server.process.kill('SIGTERM');
    assert.equal((await next).status, 202, 'whoever waits for the phase is told that it goes on');
    assert.match(await stream.text(), /"event_type":"closing"[^\n]*"reason":"closing"/);
    assert.equal((await closed).code, 1001);
    if (server.process.exitCode === null) await once(server.process, 'exit');
    assert.equal(server.process.exitCode, 0);
    assert.throws(() => process.kill(edge, 0), 'the module that hung is gone');
    const log = server.log.join('\n');
    assert.match(log, /Got SIGTERM: draining/);
    assert.doesNotMatch(log, /"level":50/, 'nothing of it is a failure');
    assert.match(log, /it did not end within 1000 ms of the shutdown/);

    using tables = new DatabaseSync(join(dir, 'data/server.db'), { readOnly: true });
    const waiting = tables.prepare("SELECT count(*) AS count FROM webhook_deliveries WHERE status = 'pending'").get();
    assert.ok(Number(waiting?.['count']) > 0, 'what was not delivered is kept');
    using engine = new DatabaseSync(join(dir, 'data/engine/engine.db'), { readOnly: true });
    const status = engine.prepare('SELECT status FROM executions WHERE id = ?').get(executionId);
    assert.equal(status?.['status'], 'running', 'the phase is parked: the next start takes it up');
  });
});
