import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { advanceRunResponseSchema, runDetailSchema, whySchema } from '@loopwright/protocol';
import { errorIn, until as untilExecution } from '../http/app-fixture.ts';
import { ANN, createOne, detailOf, expectStatus, metricsOf, nextOf, openRunServer, untilRun } from './runs-fixture.ts';

const withKey = (key: string): Record<string, string> => ({ ...ANN, 'idempotency-key': key });

describe('next', () => {
  it('runs one phase for any number of callers at once: the others hear which one is under way, and since when', async () => {
    await using server = await openRunServer();
    const { run_id: id } = await createOne(server, { profile: 'rough' });
    const calls = Promise.all(Array.from({ length: 8 }, () => server.post(`/runs/${id}/next`, undefined, ANN)));
    const { phases } = await untilRun(server, id, (run) => run.phases[0]?.status === 'in_progress');
    server.release();
    const answers = await calls;
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    for (const answer of answers.filter(({ status }) => status !== 200)) {
      const { status, details, message } = errorIn(answer, 'PHASE_UNDER_WAY');
      assert.deepEqual([status, details], [409, { phase: 'planning', since: phases[0]?.started_at }]);
      assert.match(message, /^Cannot advance the run: planning is under way since 20/);
    }
    assert.equal((await detailOf(server, id)).current_phase, 'development', 'the phase between is left out by its condition');
  });

  it('answers at once with `Prefer: respond-async`, and after `wait` seconds at the latest', async () => {
    await using server = await openRunServer({ runNextWaitMs: 20 });
    const { run_id: id } = await createOne(server, { profile: 'rough' });
    const answer = await server.post(`/runs/${id}/next`, undefined, { ...ANN, prefer: 'respond-async' });
    const body = advanceRunResponseSchema.parse(expectStatus(answer, 202));
    assert.deepEqual(body, {
      run_id: id,
      previous_phase: 'planning',
      current_phase: 'planning',
      status: 'running',
      message: 'planning is under way',
    });
    assert.deepEqual(
      [answer.headers.get('preference-applied'), answer.headers.get('location')],
      ['respond-async', `/runs/${id}`],
    );
    const other = await createOne(server, { profile: 'rough' });
    const late = await server.post(`/api/v1/runs/${other.run_id}/next`, undefined, { prefer: 'wait=1' });
    assert.deepEqual([late.status, late.headers.get('preference-applied')], [202, null], 'the limit of the server comes first');
    assert.equal(late.headers.get('location'), `/api/v1/runs/${other.run_id}`);
  });

  it('gives the first answer again under its key, and takes the key for no other phase', async () => {
    await using server = await openRunServer();
    const { run_id: id } = await createOne(server, { profile: 'small_one' });
    const first = await server.post(`/runs/${id}/next`, { skip_validation: false }, withKey('a'));
    const again = await server.post(`/runs/${id}/next`, { skip_validation: false }, withKey('a'));
    assert.deepEqual(again.body, first.body);
    assert.equal(again.headers.get('idempotent-replayed'), 'true');
    assert.equal((await detailOf(server, id)).current_phase, 'development');
    errorIn(await server.post(`/runs/${id}/next`, { skip_validation: true }, withKey('a')), 'IDEMPOTENCY_CONFLICT');
    // The same without the kept answers, as after a crash between the phase and the answer.
    const asked = { by: 'ann', key: 'a', waitMs: 1000, signal: new AbortController().signal };
    const { response } = await server.runs.advance(id, { ...asked, skipValidation: false });
    assert.deepEqual(response, first.body);
    await assert.rejects(server.runs.advance(id, { ...asked, skipValidation: true }), /was used for another request/);
    assert.equal((await detailOf(server, id)).current_phase, 'development');
  });

  it('lets the server stop while it waits for a phase', async () => {
    const server = await openRunServer();
    const { run_id: id } = await createOne(server, { profile: 'rough' });
    const answer = server.post(`/runs/${id}/next`, undefined, { ...ANN, connection: 'close' });
    await untilRun(server, id, (run) => run.phases[0]?.status === 'in_progress');
    await server[Symbol.asyncDispose]();
    assert.equal((await answer).status, 202);
  });

  it('says in `why` who is waited for, also for the execution of the run', async () => {
    await using server = await openRunServer();
    const { run_id: id } = await createOne(server, { profile: 'small_one' });
    await untilRun(server, id, () => server.engine.read.entry(id, 'await-planning') !== undefined);
    for (const path of [`/runs/${id}/why`, `/api/v1/executions/${id}/why`]) {
      const { sentence, waiting_for, unblock } = whySchema.parse(expectStatus(await server.get(path), 200));
      assert.equal(sentence, 'It waits for somebody to advance to planning.');
      assert.equal(Object(waiting_for[0]).phase, 'planning');
      assert.equal(unblock, `POST /api/v1/runs/${id}/next`);
    }
    assert.deepEqual(Object((await server.get('/api/v1/tasks')).body).tasks, [], 'nobody finds a question in the inbox');
  });

  it('cannot be forged by an event from outside, and a profile cannot be started without a run', async () => {
    await using server = await openRunServer();
    const { run_id: id } = await createOne(server, { profile: 'small_one' });
    const event = { specversion: '1.0', id: 'x', source: '/me', type: `io.loopwright.run.advance.${id}`, subject: 'planning' };
    errorIn(await server.post('/api/v1/events', event), 'FORBIDDEN');
    errorIn(await server.post('/api/v1/workflows/small-one/start', { project_id: 'p' }), 'INVALID_STATE');
    assert.equal((await detailOf(server, id)).phases[0]?.status, 'pending');
  });
});

describe('the life of a run', () => {
  it('pauses and resumes; a paused run is not advanced', async () => {
    await using server = await openRunServer();
    const { run_id: id } = await createOne(server, { profile: 'small_one' });
    const paused = runDetailSchema.parse(expectStatus(await server.post(`/runs/${id}/pause`, undefined, ANN), 200));
    assert.equal(paused.status, 'paused');
    const refused = errorIn(await server.post(`/runs/${id}/next`, undefined, ANN), 'INVALID_STATE');
    assert.deepEqual(refused.details, { status: 'paused' });
    errorIn(await server.post(`/runs/${id}/pause`, undefined, ANN), 'INVALID_STATE');
    const why = whySchema.parse((await server.get(`/runs/${id}/why`)).body);
    assert.equal(why.unblock, `POST /api/v1/runs/${id}/resume`);
    expectStatus(await server.post(`/runs/${id}/resume`, undefined, ANN), 200);
    assert.equal((await nextOf(server, id)).current_phase, 'development');
  });

  it('stops the work when it is cancelled, for good (domain.md §4.5)', async () => {
    await using server = await openRunServer();
    const { run_id: id } = await createOne(server, { profile: 'rough' });
    const answer = server.post(`/runs/${id}/next`, undefined, ANN);
    await untilRun(server, id, (run) => run.phases[0]?.status === 'in_progress');
    await untilExecution(server, id, ({ step_progress }) => step_progress.some(({ step_id }) => step_id === 'work'));
    const cancelled = runDetailSchema.parse(
      expectStatus(await server.post(`/runs/${id}/cancel`, { reason: 'no need' }, ANN), 200),
    );
    assert.deepEqual([cancelled.status, cancelled.phases[0]?.status], ['cancelled', 'failed']);
    assert.equal(server.aborted(), 1, 'the step got its AbortSignal');
    const { status, message } = advanceRunResponseSchema.parse(expectStatus(await answer, 200));
    assert.deepEqual([status, message], ['cancelled', 'planning was cancelled']);
    for (const path of ['next', 'cancel', 'pause', 'resume', 'retry'])
      errorIn(await server.post(`/runs/${id}/${path}`, undefined, ANN), 'INVALID_STATE');
  });

  it('is retried at what failed: what was done stays done, and nobody advances again', async () => {
    await using server = await openRunServer();
    server.release();
    const { run_id: id } = await createOne(server, { profile: 'rough', inputs: { extra: true } });
    for (const phase of ['planning', 'extra', 'development']) assert.equal((await nextOf(server, id)).previous_phase, phase);
    const failed = await detailOf(server, id);
    assert.equal(failed.status, 'failed');
    errorIn(await server.post(`/api/v1/executions/${id}/retry`), 'INVALID_STATE');
    server.repair();
    const retried = runDetailSchema.parse(expectStatus(await server.post(`/runs/${id}/retry`, undefined, withKey('r')), 200));
    assert.equal(retried.run_id, id);
    assert.notEqual(retried.execution_id, id);
    const again = runDetailSchema.parse(expectStatus(await server.post(`/runs/${id}/retry`, undefined, withKey('r')), 200));
    assert.equal(again.execution_id, retried.execution_id, 'the same retry');
    const waiting = await untilRun(server, id, (run) => run.current_phase === 'documentation');
    assert.equal(server.counts.get('first'), 1);
    assert.deepEqual(
      waiting.phases.map(({ status }) => status),
      ['completed', 'completed', 'completed', 'pending'],
    );
    assert.equal(waiting.phases[2]?.started_at, failed.phases[2]?.started_at);
    assert.equal((await nextOf(server, id)).status, 'completed');
    errorIn(await server.post(`/runs/${id}/retry`, undefined, ANN), 'INVALID_STATE');
  });

  it('goes on by itself in mode auto, up to the question to people and to the end', async () => {
    await using server = await openRunServer();
    const { run_id: id } = await createOne(server, { profile: 'small_one', mode: 'auto' });
    await untilExecution(server, id, ({ status }) => status === 'waiting_acceptance');
    const waiting = await detailOf(server, id);
    assert.deepEqual(
      waiting.phases.map(({ status, advanced_by }) => [status, advanced_by]),
      [
        ['completed', 'auto'],
        ['completed', 'auto'],
        ['in_progress', 'auto'],
      ],
    );
    errorIn(await server.post(`/runs/${id}/next`, undefined, ANN), 'PHASE_UNDER_WAY');
    await server.post(`/api/v1/executions/${id}/acceptance`, { accepted: true });
    await untilRun(server, id, (run) => run.status === 'completed');
    const report = await server.get(`/runs/${id}/files/qa/report.md`);
    assert.equal(report.body, 'advanced by auto');
  });

  it('keeps two runs of one profile and project apart, over a restart (domain.md §4.5)', async (context) => {
    const dir = await mkdtemp(join(tmpdir(), 'loopwright-runs-'));
    context.after(() => rm(dir, { recursive: true, force: true }));
    const ids: string[] = [];
    {
      await using server = await openRunServer({ dir });
      for (const intake of ['first', 'second']) ids.push((await createOne(server, { profile: 'small_one', intake })).run_id);
      await nextOf(server, ids[1] ?? '');
    }
    await using server = await openRunServer({ dir });
    const [first, second] = [await detailOf(server, ids[0] ?? ''), await detailOf(server, ids[1] ?? '')];
    assert.deepEqual(
      [first.intake, first.current_phase, second.intake, second.current_phase],
      ['first', 'planning', 'second', 'development'],
    );
    assert.equal((await server.get(`/runs/${ids[1]}/files/planning/PRD.md`)).body, 'second');
    assert.equal((await nextOf(server, ids[0] ?? '')).current_phase, 'development');
    assert.deepEqual((await metricsOf(server, ids[1] ?? '')).total_token_usage, { input: 100, output: 20 });
  });

  it('exports its state for people; what is edited or removed by hand is written again and never read', async () => {
    await using server = await openRunServer();
    const { run_id: id } = await createOne(server, { profile: 'small_one' });
    const file = join(server.dir, 'workspaces', id, 'state.json');
    const stateWhere = async (condition: (state: ReturnType<typeof Object>) => boolean): Promise<ReturnType<typeof Object>> => {
      for (let tries = 0; tries < 20_000; tries += 1) {
        const state = Object(JSON.parse(await readFile(file, 'utf8').catch(() => '{}')));
        if (condition(state)) return state;
        await new Promise((resolve) => void setTimeout(resolve, 3));
      }
      throw new Error('Cannot find the state that is waited for');
    };
    await nextOf(server, id);
    const state = await stateWhere(({ current_phase }) => current_phase === 'development');
    assert.equal(state.run_id, id);
    assert.deepEqual(
      state.artifacts.map((artifact: { path: string }) => artifact.path),
      ['artifacts/planning/PRD.md'],
    );
    await writeFile(file, '{"current_phase":"qa","status":"completed"}');
    assert.equal((await detailOf(server, id)).current_phase, 'development');
    await nextOf(server, id);
    await stateWhere(({ run_id, current_phase }) => run_id === id && current_phase === 'qa');
    await rm(file);
    await server.post(`/runs/${id}/cancel`, undefined, ANN);
    await stateWhere(({ status }) => status === 'cancelled');
  });
});
