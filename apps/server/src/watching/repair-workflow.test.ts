import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type ExecutionResponse,
  type Json,
  type Repair,
  auditListSchema,
  driftVerdictSchema,
  executionListSchema,
  executionResponseSchema,
  executeResponseSchema,
  programSummarySchema,
  repairListSchema,
  sampleListSchema,
  seededRandom,
} from '@loopwright/protocol';
import { z } from 'zod';
import { type TestServer, startTestServer } from '../server-fixture.ts';

const DEPLOYMENT = `
runtime: { mode: edge, data_dir: /the/setting/of/the/server/counts }
sampling: { rate: 1 }
drift: { window_records: 30, window_minutes: 0, reference_records: 60, windows_in: 2 }
`;
const random = seededRandom(3);
const row = (colour?: string): { size: number; colour: string; noise: number } => ({
  size: Math.round(random.next() * 100),
  colour: colour ?? (random.next() < 0.5 ? 'red' : 'blue'),
  noise: Math.round(random.next() * 9),
});
const labelOf = ({ size, colour }: { size: number; colour: string }): string =>
  size > 60 || colour === 'red' ? 'large' : 'small';

describe('a program whose traffic changes', () => {
  const dir = mkdtempSync(join(tmpdir(), 'loopwright-repair-'));
  const deployment = join(dir, 'deployment.yaml');
  const flags = ['--data-dir', join(dir, 'data'), '--edge-deployment', deployment, '--drift-check-seconds', '0.2'];
  let server: TestServer;
  before(async () => {
    writeFileSync(deployment, DEPLOYMENT);
    server = await startTestServer([...flags, '--log-level', 'error', '--sandbox-workers', '1']);
  });
  after(async () => {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  async function call(path: string, body?: unknown, type = 'application/json'): Promise<unknown> {
    const content = typeof body === 'string' ? body : JSON.stringify(body);
    const init = body === undefined ? {} : { method: 'POST', headers: { 'content-type': type }, body: content };
    const url = path.startsWith('http') ? path : `${server.url}/api/v1${path}`;
    const response = await fetch(url, init);
    const value: unknown = await response.json();
    assert.ok(response.ok, `${path}: ${JSON.stringify(value)}`);
    return value;
  }
  async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    for (const end = Date.now() + 60_000; Date.now() < end; await delay(50)) {
      const found = await look();
      if (found !== undefined) return found;
    }
    return assert.fail(`waited too long for ${what}`);
  }
  const reaches = (id: string, status: ExecutionResponse['status']): Promise<ExecutionResponse> =>
    until(status, async () => {
      const execution = executionResponseSchema.parse(await call(`/executions/${id}`));
      assert.ok(execution.status === status || execution.status !== 'failed', execution.error ?? '');
      return execution.status === status ? execution : undefined;
    });
  const repairs = async (): Promise<Repair[]> => repairListSchema.parse(await call('/programs/sizes/repairs')).repairs;
  /** Answers what the workflow asks, up to its end. */
  async function decide(id: string): Promise<void> {
    await reaches(id, 'waiting_clarification');
    await call(`/executions/${id}/clarification`, { answers: {} });
    await reaches(id, 'waiting_acceptance');
    await call(`/executions/${id}/acceptance`, { accepted: true });
    await reaches(id, 'completed');
  }
  async function send(inputs: readonly Json[]): Promise<void> {
    const url = await until(
      'the edge',
      async () => programSummarySchema.parse(await call('/programs/sizes')).edge_url ?? undefined,
    );
    const items = inputs.map((input, index) => ({ id: String(index), input }));
    await call(`${url}/batch/execute`, { task_id: 'sizes', items });
  }
  const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

  it('is found, made again with what people labelled, and served once a person accepts it; kill -9 opens no second repair', async () => {
    const rows = times(120, () => row()).map((one) => `${one.size},${one.colour},${one.noise},${labelOf(one)}`);
    const { digest } = z
      .looseObject({ digest: z.string() })
      .parse(await call('/examples', ['size,colour,noise,label', ...rows].join('\n'), 'text/csv'));
    const initial_context = { program: 'sizes', task_description: 'Large or small', examples: digest };
    const started = await call('/workflows/program-from-examples/start', { project_id: 'test', initial_context });
    await decide(executionResponseSchema.parse(started).execution_id);

    await send(times(60, () => row()));
    assert.equal(driftVerdictSchema.parse(await call('/programs/sizes/drift')).state, 'stable');
    await send(times(60, () => row('green')));
    const verdict = driftVerdictSchema.parse(await call('/programs/sizes/drift'));
    assert.deepEqual([verdict.state, verdict.version, verdict.findings[0]?.field], ['drifting', 1, 'input.colour']);
    assert.ok(verdict.examples.length === 10 && verdict.examples.every(({ input }) => JSON.stringify(input).includes('green')));
    const { waiting_for: waiting } = repairListSchema.parse(await call('/programs/sizes/repairs'));
    assert.match(waiting ?? '', /0 of 10 counter-examples are labelled/);

    const { samples } = sampleListSchema.parse(await call('/programs/sizes/samples?state=open&limit=200'));
    const green = samples.filter(({ input_data }) => JSON.stringify(input_data).includes('green'));
    // All but the last ones that make a repair due, then those: it opens as soon as it may.
    for (const { sample_id: id } of green) await call(`/programs/sizes/samples/${id}/answer`, { output: 'huge' });
    const opened = await until('the repair', async () => (await repairs())[0]);
    await server.kill();
    server = await startTestServer([...flags, '--log-level', 'error', '--sandbox-workers', '1']);
    await delay(600);
    const repair = await until('its execution', async () => (await repairs()).find(({ execution_id }) => execution_id !== null));
    assert.deepEqual([repair.repair_id, (await repairs()).length, repair.state], [opened.repair_id, 1, 'open']);
    const { executions } = executionListSchema.parse(await call('/executions?workflow_id=program-from-examples'));
    assert.equal(executions.length, 2);
    assert.ok(repair.counterexamples >= 10 && repair.examples !== digest);

    await decide(repair.execution_id ?? '');
    const answer = executeResponseSchema.parse(await call('/programs/sizes/execute', { input: row('green') }));
    assert.equal(answer.output, 'huge');
    assert.equal(programSummarySchema.parse(await call('/programs/sizes')).active_version, 2);
    const closed = await until('the end of the repair', async () => (await repairs()).find(({ state }) => state !== 'open'));
    assert.deepEqual([closed.state, closed.repair_id], ['promoted', repair.repair_id]);
    const later = driftVerdictSchema.parse(await call('/programs/sizes/drift'));
    assert.deepEqual([later.state, later.version], ['learning', 2]);
    const { entries } = auditListSchema.parse(await call('/audit?limit=500'));
    const own = entries.filter(({ operation, kind }) => operation === 'repair' && kind === 'outcome');
    assert.equal(own.filter(({ status }) => status === 201).length, 1);
  });
});
