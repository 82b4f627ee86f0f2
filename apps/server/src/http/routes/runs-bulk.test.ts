import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  auditListSchema,
  bulkPreviewSchema,
  executionListSchema,
  listRunsResponseSchema,
  runBulkPreviewSchema,
  runBulkResultSchema,
} from '@loopwright/protocol';
import {
  ANN,
  type RunServer,
  createOne,
  detailOf,
  expectStatus,
  nextOf,
  openRunServer,
  untilRun,
} from '../../runs/runs-fixture.ts';
import { errorIn } from '../app-fixture.ts';

describe('many runs at once', () => {
  let server: RunServer;
  before(async () => {
    server = await openRunServer();
  });
  after(() => server[Symbol.asyncDispose]());

  const listed = async (query: string, as = ANN): Promise<string[]> => {
    const { runs } = listRunsResponseSchema.parse(expectStatus(await server.get(`/api/v1/runs?${query}`, as), 200));
    return runs.map(({ run_id }) => run_id);
  };
  const preview = async (body: object): Promise<ReturnType<typeof runBulkPreviewSchema.parse>> =>
    runBulkPreviewSchema.parse(expectStatus(await server.post('/api/v1/runs/bulk', { dry_run: true, ...body }, ANN), 200));
  const work = async (token: string): Promise<ReturnType<typeof runBulkResultSchema.parse>> =>
    runBulkResultSchema.parse(expectStatus(await server.post('/api/v1/runs/bulk', { token, reason: 'cleared' }, ANN), 200));

  it('hits exactly what was previewed, once', async () => {
    const [one, two] = [
      await createOne(server, { profile: 'small_one', project_name: 'bulk' }),
      await createOne(server, { profile: 'small_one', project_name: 'bulk' }),
    ];
    const { count, token, sample } = await preview({ action: 'cancel', filter: { q: 'bulk' } });
    assert.deepEqual([count, sample.map(({ run_id }) => run_id).sort()], [2, [one.run_id, two.run_id].sort()]);
    const late = await createOne(server, { profile: 'small_one', project_name: 'bulk' });
    const result = await work(token);
    assert.deepEqual([result.done, result.failed, await work(token)], [2, 0, result]);
    assert.equal((await detailOf(server, one.run_id)).status, 'cancelled');
    assert.equal((await detailOf(server, late.run_id)).status, 'running');
    assert.equal((await preview({ action: 'cancel', filter: { run_id: [one.run_id, two.run_id] } })).count, 0);
  });

  it('is for nobody but who previewed it, and tells what failed', async () => {
    const { run_id: id } = await createOne(server, { profile: 'small_one', project_name: 'other' });
    const { token } = await preview({ action: 'pause', filter: { run_id: [id] } });
    errorIn(await server.post('/api/v1/runs/bulk', { token }, { 'x-user-id': 'bob' }), 'CONFLICT');
    expectStatus(await server.post(`/api/v1/runs/${id}/cancel`, undefined, ANN), 200);
    const { done, results } = await work(token);
    assert.deepEqual([done, results[0]?.error_code], [0, 'INVALID_STATE']);
    errorIn(
      await server.post('/api/v1/runs/bulk', { action: 'cancel', dry_run: true, filter: { nothing: 1 } }, ANN),
      'VALIDATION_ERROR',
    );
  });

  it('retries runs as runs: they go on as the same ones', async () => {
    server.release();
    const { run_id: id } = await createOne(server, { profile: 'rough', project_name: 'mended' });
    await nextOf(server, id);
    assert.equal((await nextOf(server, id)).status, 'failed');
    server.repair();
    const asExecutions = { action: 'retry', filter: { q: 'rough' }, dry_run: true };
    const others = bulkPreviewSchema.parse((await server.post('/api/v1/executions/bulk', asExecutions, ANN)).body);
    assert.deepEqual([others.count, others.sample, others.left_to_runs], [0, [], 1]);
    const { token } = await preview({ action: 'retry', filter: { profile: 'rough' } });
    assert.equal((await work(token)).done, 1);
    const { execution_id } = await untilRun(server, id, ({ phases }) => phases[2]?.status === 'completed');
    const { executions } = executionListSchema.parse(
      (await server.get(`/api/v1/executions?execution_id=${id},${execution_id}`, ANN)).body,
    );
    const run = { run_id: id, project_name: 'mended', warnings_count: null };
    assert.deepEqual([executions.length, executions[0]?.run, executions.at(-1)?.run], [2, run, run]);
    const { entries } = auditListSchema.parse((await server.get(`/api/v1/audit?about=${id}`, ANN)).body);
    assert.deepEqual([entries.at(-1)?.operation, entries.at(-1)?.status], ['POST /runs', 201]);
    // The list finds it by the run and by each execution that it was.
    assert.deepEqual([await listed(`run_id=${id}`), await listed(`run_id=${execution_id},missing`)], [[id], [id]]);
  });

  it('lists what waits for me, with how much waits', async () => {
    const { run_id: id } = await createOne(server, { profile: 'small_one', project_name: 'asked' });
    for (const _phase of ['planning', 'development', 'qa']) await nextOf(server, id);
    assert.deepEqual(await listed('waiting_for=me'), [id]);
    assert.deepEqual(await listed('waiting_for=me&profile=rough'), []);
    const { runs } = listRunsResponseSchema.parse((await server.get(`/api/v1/runs?run_id=${id}`, ANN)).body);
    assert.deepEqual([runs[0]?.open_tasks, runs[0]?.warnings_count], [1, null]);
    expectStatus(await server.post(`/api/v1/executions/${id}/acceptance`, { accepted: true }, ANN), 200);
    assert.deepEqual(await listed('waiting_for=me'), []);
  });
});
