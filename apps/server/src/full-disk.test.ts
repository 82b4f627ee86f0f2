import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { errorResponseSchema, executionResponseSchema } from '@loopwright/protocol';
import { NO_PROGRAMS, startTestServer } from './server-fixture.ts';

const WORKFLOW = `
document: { dsl: '1.0.0', namespace: test, name: asks, version: '1.0.0' }
do: [ask: { call: accept, with: { title: Good?, doc_type: thing, subject: x } }]`;

describe('the server on a full disk', { skip: process.platform !== 'linux' }, () => {
  it('is not ready and says why, refuses work, and is ready again by itself when there is space', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'loopwright-full-'));
    mkdirSync(join(dir, 'workflows'));
    writeFileSync(join(dir, 'workflows/asks.yaml'), WORKFLOW);
    const flags = ['--data-dir', join(dir, 'data'), '--workflows-dir', join(dir, 'workflows'), '--log-level', 'silent'];
    const server = await startTestServer([...flags, ...NO_PROGRAMS]);
    const limitFiles = (bytes: string): void =>
      void execFileSync('prlimit', ['--pid', String(server.process.pid), `--fsize=${bytes}:unlimited`]);
    const untilReady = async (expected: number): Promise<void> => {
      for (const end = Date.now() + 60_000; (await fetch(`${server.url}/ready`)).status !== expected;) {
        assert.ok(Date.now() < end, `/ready was never ${expected}`);
        await delay(50);
      }
    };
    const start = (key: string): Promise<Response> =>
      fetch(`${server.url}/api/v1/workflows/asks/start`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify({ project_id: 'p', initial_context: {} }),
      });
    try {
      await untilReady(200);
      const kept = executionResponseSchema.parse(await (await start('kept')).json());
      limitFiles('4096');
      const refused = await start('refused');
      assert.equal(refused.status, 503);
      // Whichever store is asked first: a change is recorded before it is made.
      assert.match(errorResponseSchema.parse(await refused.json()).error_code, /^(?:AUDIT|STORE)_FAILED$/);
      await untilReady(503);
      assert.match(await (await fetch(`${server.url}/health`)).text(), /"store_fault":"Cannot write to the (?:store|audit log)/);
      const read = await fetch(`${server.url}/api/v1/executions/${kept.execution_id}`);
      assert.equal(read.status, 200);
      limitFiles('unlimited');
      await untilReady(200);
      assert.ok((await start('refused')).ok);
    } finally {
      limitFiles('unlimited');
      await server.stop();
    }
    rmSync(dir, { recursive: true, force: true });
  });
});
