import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type ExecutionResponse, executionResponseSchema, seededRandom } from '@loopwright/protocol';
import { z } from 'zod';
import { type TestServer, startTestServer } from '../server-fixture.ts';

/** A table that can be learned: the label follows from two columns, with a little noise. */
function table(): string {
  const random = seededRandom(3);
  const rows = Array.from({ length: 240 }, () => {
    const [size, colour] = [Math.round(random.next() * 100), random.next() < 0.5 ? 'red' : 'blue'];
    const label = random.next() < 0.02 ? 'small' : size > 60 || colour === 'red' ? 'large' : 'small';
    return `${size},${colour},${Math.round(random.next() * 9)},${label}`;
  });
  return ['size,colour,noise,label', ...rows].join('\n');
}

describe('the workflow program-from-examples', () => {
  const dir = mkdtempSync(join(tmpdir(), 'loopwright-workflow-'));
  let server: TestServer;
  before(async () => {
    const flags = ['--log-level', 'error', '--sandbox-workers', '1', '--generator-cache-max-mb', '16'];
    server = await startTestServer(['--data-dir', dir, ...flags]);
  });
  after(async () => {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  async function call(path: string, body?: unknown, type = 'application/json'): Promise<unknown> {
    const content = typeof body === 'string' ? body : JSON.stringify(body);
    const init = body === undefined ? {} : { method: 'POST', headers: { 'content-type': type }, body: content };
    const response = await fetch(`${server.url}/api/v1${path}`, init);
    const value: unknown = await response.json();
    assert.ok(response.ok, `${path}: ${JSON.stringify(value)}`);
    return value;
  }

  async function until(id: string, ...statuses: ExecutionResponse['status'][]): Promise<ExecutionResponse> {
    for (const end = Date.now() + 60_000; ; await delay(50)) {
      const execution = executionResponseSchema.parse(await call(`/executions/${id}`));
      if (statuses.includes(execution.status)) return execution;
      assert.ok(Date.now() < end, `${id} is ${execution.status}: ${execution.error ?? ''}`);
    }
  }

  async function start(csv: string, program: string): Promise<string> {
    const { digest } = z.looseObject({ digest: z.string() }).parse(await call('/examples', csv, 'text/csv'));
    const initial_context = { program, task_description: 'Large or small', examples: digest };
    return executionResponseSchema.parse(
      await call('/workflows/program-from-examples/start', { project_id: 'test', initial_context }),
    ).execution_id;
  }

  /** Results in the plan cache, and how often one was written or read. */
  function keptResults(): unknown {
    const database = new DatabaseSync(join(dir, 'plan-cache.db'), { readOnly: true });
    try {
      return { ...database.prepare('SELECT COUNT(*) AS count, MAX(used) AS uses FROM plan_cache_1').get() };
    } finally {
      database.close();
    }
  }

  it('goes back with a reason, ends without one, and serves what is accepted', async () => {
    const id = await start(table(), 'sizes');
    await until(id, 'waiting_clarification');
    await call(`/executions/${id}/clarification`, { answers: {} });
    const first = await until(id, 'waiting_acceptance', 'failed');
    assert.equal(first.status, 'waiting_acceptance', first.error ?? '');
    const shown = z.looseObject({
      version: z.int(),
      accuracy: z.number(),
      interval: z.object({ low: z.number(), high: z.number() }),
    });
    const { version, accuracy, interval } = shown.parse(first.pending_acceptance?.document_preview);
    assert.equal(version, 1);
    assert.ok(accuracy > 0.85 && interval.low < accuracy && accuracy < interval.high, JSON.stringify({ accuracy, interval }));

    await call(`/executions/${id}/acceptance`, { accepted: false, comment: 'Try harder' });
    await until(id, 'waiting_clarification');
    const { tasks } = z
      .object({ tasks: z.array(z.looseObject({ message: z.string() })) })
      .parse(await call(`/tasks?execution_id=${id}`));
    assert.match(tasks[0]?.message ?? '', /The last version was rejected: Try harder/);
    await call(`/executions/${id}/clarification`, { answers: { ACCURACY_TARGET: '0.5' } });
    await until(id, 'waiting_acceptance');
    await call(`/executions/${id}/acceptance`, { accepted: true });
    const done = await until(id, 'completed', 'failed');
    assert.equal(z.looseObject({ version: z.int() }).parse(done.output).version, 2, done.error ?? '');
    const answer = await call('/programs/sizes/execute', { input: { size: 95, colour: 'red', noise: 1 } });
    assert.equal(z.looseObject({ output: z.string() }).parse(answer).output, 'large');

    const second = await start(table(), 'sizes');
    await until(second, 'waiting_clarification');
    await call(`/executions/${second}/clarification`, { answers: {} });
    await until(second, 'waiting_acceptance');
    assert.deepEqual(keptResults(), { count: 2, uses: 3 }, 'the first plan, asked again, was not answered from the cache');
    await call(`/executions/${second}/acceptance`, { accepted: false });
    assert.equal((await until(second, 'failed')).error, 'Document rejected: no comment');
    const { active_version: active } = z.looseObject({ active_version: z.int() }).parse(await call('/programs/sizes'));
    assert.equal(active, 2, 'a rejected version went live');
  });

  it('ends with the reason when nothing can be learned', async () => {
    const rows = Array.from({ length: 40 }, (_, index) => `${index},only`);
    const id = await start(['size,label', ...rows].join('\n'), 'single');
    await until(id, 'waiting_clarification');
    await call(`/executions/${id}/clarification`, { answers: {} });
    const failed = await until(id, 'failed', 'waiting_acceptance');
    assert.equal(failed.error_document?.['title'], 'INDUCTION_REFUSED');
    assert.match(failed.error ?? '', /label|class/);
  });
});
