import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { SqliteStore } from '@loopwright/engine';
import { runDetailSchema, systemClock } from '@loopwright/protocol';
import { ANN, createOne, detailOf, expectStatus, metricsOf, nextOf, openRunServer, untilRun } from './runs-fixture.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loopwright-runs-recover-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** Changes the rows as they are when a process dies in the middle. */
function change(sql: string): void {
  const database = new DatabaseSync(join(dir, 'server.db'));
  database.exec(sql);
  database.close();
}

describe('runs after a crash', () => {
  it('are started when only their rows were written', async () => {
    const first = await openRunServer({ dir });
    const { run_id: id } = await createOne(first, { profile: 'small_one', intake: 'left' });
    await first[Symbol.asyncDispose]();
    // The same rows under another id, for which the engine has nothing.
    change(`CREATE TEMP TABLE copy AS SELECT * FROM runs WHERE run_id = '${id}';
      UPDATE copy SET run_id = 'lost', execution_id = 'lost'; INSERT INTO runs SELECT * FROM copy;
      INSERT INTO run_executions VALUES ('lost', 'lost', 1, 'start', 1);`);
    await using server = await openRunServer({ dir });
    await untilRun(server, 'lost', ({ phases }) => phases.length === 3);
    assert.equal((await nextOf(server, 'lost')).current_phase, 'development');
    assert.equal((await server.get('/runs/lost/files/planning/PRD.md')).body, 'left');
  });

  it('have their last state.json, and nothing half-written in their workspaces', async () => {
    const first = await openRunServer({ dir });
    const { run_id: id } = await createOne(first, { profile: 'small_one', intake: 'left' });
    await nextOf(first, id);
    await first.post(`/api/v1/runs/${id}/cancel`, {}, ANN);
    await detailOf(first, id);
    const workspace = first.workspaces.of(id).dir;
    await first[Symbol.asyncDispose]();
    const uuid = '0e8a1f36-0000-4000-8000-00000000000a';
    const old = join(dir, 'workspaces', `gone.removed-${uuid}`);
    for (const folder of [old, join(workspace, 'checkpoints')]) await mkdir(folder, { recursive: true });
    const leftovers = [`.loopwright-${uuid}.tmp`, `artifacts/planning/.loopwright-${uuid}.old`, `checkpoints/${uuid}.tmp`];
    for (const name of leftovers) await writeFile(join(workspace, name), 'half');
    await writeFile(join(workspace, 'artifacts/planning/mine.tmp'), 'whole');
    await writeFile(join(workspace, 'state.json'), '{ "status": "running" }');
    change('UPDATE runs SET state_exported = 0');
    await using server = await openRunServer({ dir });
    assert.deepEqual([...leftovers.map((name) => join(workspace, name)), old].filter(existsSync), []);
    assert.ok(existsSync(join(workspace, 'artifacts/planning/mine.tmp')), 'what has another name is no leftover');
    await server.runs[Symbol.asyncDispose]();
    assert.match(await readFile(join(workspace, 'state.json'), 'utf8'), /"status": "cancelled"/);
    using tables = new DatabaseSync(join(dir, 'server.db'), { readOnly: true });
    assert.equal(tables.prepare('SELECT state_exported AS done FROM runs').get()?.['done'], 1);
  });

  it('have failed, with the reason, when their profile is not there any more', async () => {
    const first = await openRunServer({ dir });
    const { run_id: id } = await createOne(first, { profile: 'small_one' });
    await first[Symbol.asyncDispose]();
    change(`CREATE TEMP TABLE copy AS SELECT * FROM runs WHERE run_id = '${id}';
      UPDATE copy SET run_id = 'lost', execution_id = 'lost', profile = 'gone'; INSERT INTO runs SELECT * FROM copy;
      INSERT INTO run_executions VALUES ('lost', 'lost', 1, 'start', 1);`);
    await using server = await openRunServer({ dir });
    const { status, error_message } = await detailOf(server, 'lost');
    assert.deepEqual([status, error_message], ['failed', 'Cannot start "gone": there is no such workflow']);
  });

  it('go on with a retry that was cut off before its execution', async () => {
    const first = await openRunServer({ dir });
    first.release();
    const { run_id: id } = await createOne(first, { profile: 'rough' });
    await nextOf(first, id);
    assert.equal((await nextOf(first, id)).status, 'failed');
    await first[Symbol.asyncDispose]();
    change(`UPDATE runs SET execution_id = 'again', status = 'running', completed_at = NULL WHERE run_id = '${id}';
      INSERT INTO run_executions VALUES ('again', '${id}', 2, 'retry', 1);`);
    await using server = await openRunServer({ dir });
    const failed = await untilRun(server, id, ({ status }) => status === 'failed');
    assert.equal(failed.execution_id, 'again');
    server.repair();
    expectStatus(await server.post(`/runs/${id}/retry`, undefined, ANN), 200);
    assert.equal(
      (await untilRun(server, id, ({ current_phase }) => current_phase === 'documentation')).phases[2]?.status,
      'completed',
    );
    assert.equal(server.counts.get('first'), undefined, 'what the first process did is not done again');
  });
});

describe('a run that has ended', () => {
  it('keeps its phases and what it used when the history of its execution is compacted', async () => {
    const first = await openRunServer({ dir });
    const { run_id: id } = await createOne(first, { profile: 'small_one' });
    for (let count = 0; count < 3; count += 1) await nextOf(first, id, { skip_validation: true });
    const before = await detailOf(first, id);
    const metrics = await metricsOf(first, id);
    await first[Symbol.asyncDispose]();
    const store = new SqliteStore({ dir: join(dir, 'engine'), durability: 'process', onEvents: () => undefined });
    while (await store.write((transaction) => transaction.compactEnded(systemClock.now()))) continue;
    await store[Symbol.asyncDispose]();
    await using server = await openRunServer({ dir });
    assert.deepEqual(await detailOf(server, id), before);
    assert.deepEqual(await metricsOf(server, id), metrics);
  });

  it('loses its workspace when it has been kept long enough; runs that go on keep theirs', async () => {
    const first = await openRunServer({ dir });
    const [ended, open] = [await createOne(first, { profile: 'small_one' }), await createOne(first, { profile: 'small_one' })];
    for (const { run_id: id } of [ended, open]) await nextOf(first, id);
    await first.post(`/runs/${ended.run_id}/cancel`, undefined, ANN);
    await first[Symbol.asyncDispose]();
    await (await openRunServer({ dir, keepWorkspacesMs: 60_000 }))[Symbol.asyncDispose]();
    assert.ok(existsSync(join(dir, 'workspaces', ended.run_id)), 'it is not old enough');
    await (await openRunServer({ dir, keepWorkspacesMs: 0 }))[Symbol.asyncDispose]();
    await using server = await openRunServer({ dir });
    assert.deepEqual(
      [ended, open].map(({ run_id }) => existsSync(join(dir, 'workspaces', run_id))),
      [false, true],
    );
    assert.equal(runDetailSchema.parse((await server.get(`/runs/${ended.run_id}`)).body).phases[0]?.artifacts_count, 0);
    expectStatus(await server.get(`/runs/${ended.run_id}/files/planning/PRD.md`), 404);
  });
});
