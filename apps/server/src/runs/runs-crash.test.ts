import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type RunDetail,
  advanceRunResponseSchema,
  listRunsResponseSchema,
  runDetailSchema,
  runSummarySchema,
  seededRandom,
} from '@loopwright/protocol';
import { z } from 'zod';
import { NO_PROGRAMS, type TestServer, startTestServer } from '../server-fixture.ts';

/** More of them by hand. */
const KILLS = Number(process.env['RUN_KILLS'] ?? 3);
const DRIVERS = 4;

const PHASES = ['one', 'two', 'three', 'four'];
const PROFILE = `
document: { dsl: '1.0.0', namespace: test, name: slow-steps, version: '1.0.0', metadata: { profile: { title: Slow, phases: { one: {}, two: {}, three: {}, four: {} } } } }
do:
${PHASES.map((phase) => `  - ${phase}: { do: [{ nap-${phase}: { wait: { milliseconds: 60 } } }] }`).join('\n')}`;

/** What one driver was told. */
interface Told {
  runId: string | undefined;
  /** The phases that answers to `next` said had run, in order. */
  readonly phases: string[];
}

describe('runs under kill -9', () => {
  it(`run each acknowledged next once, in order, over ${KILLS} kills in the middle of phases`, async () => {
    const dir = await mkdtemp(join(tmpdir(), 'loopwright-runs-crash-'));
    const profiles = join(dir, 'profiles');
    await mkdir(profiles);
    await writeFile(join(profiles, 'slow.yaml'), PROFILE);
    const flags = ['--data-dir', join(dir, 'data'), '--profiles-dir', profiles, '--log-level', 'error', ...NO_PROGRAMS];
    const random = seededRandom(Number(process.env['RUN_SEED'] ?? 20_261_121));
    let server: TestServer = await startTestServer(flags);
    const stop = new AbortController();
    const told: Told[] = [];
    const drivers = Array.from({ length: DRIVERS }, async (_, driver) => {
      for (let count = 0; !stop.signal.aborted; count += 1) told.push(await drive(() => server.url, `${driver}-${count}`));
    });
    for (let kill = 0; kill < KILLS; kill += 1) {
      await delay(20 + random.next() * 400);
      await server.kill();
      server = await startTestServer(flags);
    }
    stop.abort();
    await Promise.all(drivers);
    const { total } = listRunsResponseSchema.parse(await (await fetch(`${server.url}/runs`)).json());
    assert.equal(total, told.length, 'a create whose answer was lost made one run');
    for (const { runId, phases } of told) {
      const run = runDetailSchema.parse(await (await fetch(`${server.url}/runs/${runId}`)).json());
      check(run);
      assert.deepEqual(phases, PHASES, 'each next that was answered ran the phase behind the one before');
      assert.deepEqual(await endedIn(server.url, run.execution_id), PHASES, 'no phase was begun twice');
    }
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  });
});

/** Creates a run and advances it to its end; whatever has no answer is sent again under its key. */
async function drive(url: () => string, name: string): Promise<Told> {
  const told: Told = { runId: undefined, phases: [] };
  const created = await insist(url, '/runs', { profile: 'slow_steps', project_name: `run ${name}` }, `create-${name}`);
  told.runId = runSummarySchema.parse(created).run_id;
  for (let count = 0; count < PHASES.length; count += 1) {
    const { previous_phase, status } = advanceRunResponseSchema.parse(
      await insist(url, `/runs/${told.runId}/next`, {}, `next-${name}-${count}`),
    );
    told.phases.push(previous_phase);
    assert.equal(status, count === PHASES.length - 1 ? 'completed' : 'running');
  }
  return told;
}

async function insist(url: () => string, path: string, body: object, key: string): Promise<unknown> {
  for (;;) {
    try {
      const headers = { 'content-type': 'application/json', 'x-user-id': 'ann', 'x-user-email': 'a@b.c', 'idempotency-key': key };
      const response = await fetch(url() + path, { method: 'POST', headers, body: JSON.stringify(body) });
      // 202: the server was asked to stop, or the phase takes long; the same key asks for its end.
      if (response.status < 300 && response.status !== 202) return await response.json();
      if (response.status < 500 && response.status !== 202)
        throw new RefusedError(`${path}: ${response.status} ${await response.text()}`);
    } catch (error) {
      if (error instanceof RefusedError) throw error;
    }
    await delay(15);
  }
}

/** An answer that no repetition changes. */
class RefusedError extends Error {}

function check({ status, current_phase, phases }: RunDetail): void {
  assert.deepEqual([status, current_phase], ['completed', 'four']);
  for (const [index, phase] of phases.entries()) {
    assert.deepEqual([phase.phase, phase.status, phase.advanced_by], [PHASES[index], 'completed', 'ann']);
    const before = phases[index - 1]?.completed_at;
    assert.ok(before === undefined || before === null || (phase.started_at ?? '') >= before);
  }
}

/** The phases whose task has ended, in the order in which they began. */
async function endedIn(url: string, executionId: string): Promise<string[]> {
  const answer: unknown = await (await fetch(`${url}/api/v1/executions/${executionId}`)).json();
  const { step_progress } = z
    .looseObject({ step_progress: z.array(z.looseObject({ step_id: z.string(), status: z.string() })) })
    .parse(answer);
  return step_progress
    .filter(({ step_id, status }) => step_id.startsWith('nap-') && status === 'completed')
    .map(({ step_id }) => step_id.slice('nap-'.length));
}
