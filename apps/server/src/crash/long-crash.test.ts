import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { humanTaskSchema, runDetailSchema, runSummarySchema, seededRandom } from '@loopwright/protocol';
import { z } from 'zod';
import { startProvider } from '@loopwright/models/scripted';
import { obedient } from '../agents/obedient-model.ts';
import { scenarioFlags } from './crash-scenario.ts';
import { CrashingServer } from './crashing-server.ts';
import { noStepAgain, storedEvents } from './examine-scenario.ts';

/** Parts of `npm run test:soak` that are too long for every run of the tests. */
const SKIP = process.env['WALL_KILLS'] === undefined && 'npm run test:soak';
const KILLS = 4;
const INTAKE = 'Tell billing texts from technical ones, at least 70 % right, under 20 seconds.';

/** Labelled texts that a word tells apart. */
function tickets(): string {
  const random = seededRandom(5);
  const pick = (...items: readonly string[]): string => items[Math.floor(random.next() * items.length)] ?? '';
  const lines = Array.from({ length: 200 }, (_, index) => {
    const isBill = random.next() < 0.5;
    const topic = isBill ? pick('invoice', 'payment', 'refund') : pick('crash', 'error', 'timeout');
    const text = `${pick('please', 'again', 'today')} ${topic} ${pick('monday', 'account', 'page')} ${index}`;
    return JSON.stringify({ input: { text }, output: isBill ? 'billing' : 'technical' });
  });
  return lines.join('\n');
}

/** Answers whatever the run asks until it has ended. */
async function untilEnded(server: CrashingServer, runId: string): Promise<string> {
  for (;;) {
    const { status, execution_id: id } = runDetailSchema.parse(await server.ask('GET', `/runs/${runId}`));
    if (status !== 'running' && status !== 'paused') return status;
    const { tasks } = z
      .looseObject({ tasks: z.array(humanTaskSchema) })
      .parse(await server.ask('GET', `/api/v1/tasks?execution_id=${id}`));
    for (const { task_id, kind } of tasks) {
      const answer = kind === 'acceptance' ? { accepted: true, comment: 'Good.' } : { answers: {} };
      // Somebody may have been first: a server that died behind the answer.
      await server
        .ask('POST', `/api/v1/executions/${id}/${kind}`, { body: { ...answer, task_id }, key: task_id })
        .catch((error: unknown) => assert.match(String(error), / 409 /));
    }
    await delay(50);
  }
}

describe('long work under kill -9', () => {
  it('ends a classification that advances by itself, every induction step recorded once', { skip: SKIP }, async () => {
    const dir = await mkdtemp(join(tmpdir(), 'loopwright-walls-'));
    const random = seededRandom(Number(process.env['WALL_SEED'] ?? 1));
    const settings = { 'data-dir': join(dir, 'data'), 'log-level': 'error', 'sandbox-workers': '1' };
    const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    // Behind the upload, so that each of them works on the run.
    const points = Array.from({ length: KILLS }, () => ({ at: 'update "runs" set', later: Math.floor(random.next() * 250) }));
    const server = await CrashingServer.start(flags, points);
    let runId = '';
    {
      await using _server = server;
      const digest = await server.upload(tickets());
      const body = {
        profile: 'ml_classification',
        project_name: 'tickets',
        mode: 'auto',
        intake: INTAKE,
        inputs: { examples: digest, program: 'desk' },
      };
      runId = runSummarySchema.parse(await server.ask('POST', '/runs', { body, key: 'create' })).run_id;
      const status = await untilEnded(server, runId);
      assert.equal(status, 'completed', server.killedBefore.join('; '));
    }
    assert.ok(server.killedBefore.length > 0);
    using engine = new DatabaseSync(join(dir, 'data/engine/engine.db'), { readOnly: true });
    noStepAgain(storedEvents(engine));
    const left = readdirSync(join(dir, 'data/workspaces'), { recursive: true, encoding: 'utf8' });
    assert.deepEqual(
      left.filter((path) => /\.tmp$|\.old$|\.removed-|\.rollback-/.test(path)),
      [],
    );
    await rm(dir, { recursive: true, force: true });
  });

  it('removes the workspace of an old run whole, and no other one', { skip: SKIP }, async () => {
    const dir = await mkdtemp(join(tmpdir(), 'loopwright-walls-'));
    await using provider = await startProvider();
    provider.script(obedient);
    const flags = await scenarioFlags(dir, { modelUrl: provider.url });
    const runs: string[] = [];
    {
      await using server = await CrashingServer.start(flags, []);
      for (const name of ['old', 'new']) {
        const body = { profile: 'written', project_name: name, mode: 'auto' };
        const { run_id } = runSummarySchema.parse(await server.ask('POST', '/runs', { body, key: name }));
        assert.equal(await untilEnded(server, run_id), 'completed');
        runs.push(run_id);
      }
    }
    const [old = '', other = ''] = runs;
    {
      using tables = new DatabaseSync(join(dir, 'data/server.db'));
      tables.prepare('UPDATE runs SET completed_at = completed_at - 259200000 WHERE run_id = ?').run(old);
    }
    const points = [
      { at: 'rename .*removed-' },
      { at: 'rename .*removed-', later: 1 },
      { at: 'update "runs" set "workspace_removed_at"' },
    ];
    const server = await CrashingServer.start([...flags, '--workspaces-retention-days', '1'], points);
    {
      await using _server = server;
      const rowOf = (): unknown => {
        using tables = new DatabaseSync(join(dir, 'data/server.db'), { readOnly: true });
        return tables.prepare('SELECT workspace_removed_at AS at FROM runs WHERE run_id = ?').get(old)?.['at'];
      };
      for (const end = performance.now() + 60_000; typeof rowOf() !== 'number'; await delay(50))
        assert.ok(performance.now() < end, `it was never removed; killed before ${server.killedBefore.join('; ')}`);
      assert.equal(runDetailSchema.parse(await server.ask('GET', `/runs/${old}`)).status, 'completed');
    }
    // The second process found nothing under the name any more, and put nothing aside: its point was never come to.
    assert.ok(server.killedBefore.length >= 2, server.killedBefore.join('; '));
    assert.deepEqual(readdirSync(join(dir, 'data/workspaces')), [other]);
    assert.ok(existsSync(join(dir, 'data/workspaces', other, 'artifacts/three/notes.md')));
    await rm(dir, { recursive: true, force: true });
  });
});
