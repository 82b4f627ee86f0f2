import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { listRunsResponseSchema, profileListSchema, runEstimateSchema, runSummarySchema } from '@loopwright/protocol';
import { errorIn, isRecent } from '../app-fixture.ts';
import {
  ANN,
  type RunServer,
  createOne,
  detailOf,
  expectStatus,
  metricsOf,
  nextOf,
  openRunServer,
  untilRun,
} from '../../runs/runs-fixture.ts';

let server: RunServer;
before(async () => {
  server = await openRunServer();
});
after(() => server[Symbol.asyncDispose]());

const listOf = async (query: string) => listRunsResponseSchema.parse(expectStatus(await server.get(`/runs?${query}`), 200));

/** A run of `small_one` that is completed. */
async function complete(body: object = {}): Promise<string> {
  const { run_id: id } = await createOne(server, { profile: 'small_one', intake: 'Build it', ...body });
  for (const skip of [false, false, true]) await nextOf(server, id, { skip_validation: skip });
  return id;
}

describe('POST /runs', () => {
  it('answers 201 with the fields of the source; the profile may be written either way', async () => {
    const answer = await server.post('/runs', { profile: 'small-one', intake: 'Build it', metadata: { client: 'Acme' } }, ANN);
    const run = runSummarySchema.parse(expectStatus(answer, 201));
    const { run_id: id, created_at, updated_at, ...rest } = run;
    assert.equal(answer.headers.get('location'), `/runs/${id}`);
    assert.match(id, /^[0-9a-f-]{36}$/);
    assert.ok(isRecent(created_at) && isRecent(updated_at));
    assert.deepEqual(rest, {
      profile: 'small_one',
      project_name: `run_${id.slice(0, 8)}`,
      current_phase: 'planning',
      status: 'running',
      project_id: 'default',
      cloned_from: null,
    });
    const detail = await detailOf(server, id);
    assert.deepEqual(detail.metadata, { intake: 'Build it', client: 'Acme' });
    assert.deepEqual(
      detail.phases.map(({ phase, status }) => [phase, status]),
      [
        ['planning', 'pending'],
        ['development', 'pending'],
        ['qa', 'pending'],
      ],
    );
  });

  it('wants to know who asks, here and for next, and nowhere under /api/v1', async () => {
    const missing = 'Missing user authentication headers (X-User-Id, X-User-Email)';
    for (const headers of [
      {},
      { 'x-user-id': 'ann' },
      { 'x-user-email': 'a@b.c' },
      { 'x-user-id': ' ', 'x-user-email': 'a@b.c' },
    ]) {
      const error = errorIn(await server.post('/runs', { profile: 'small_one' }, headers), 'UNAUTHORIZED');
      assert.deepEqual([error.status, error.detail], [401, missing]);
    }
    const { run_id: id } = await createOne(server, { profile: 'small_one' });
    assert.equal(errorIn(await server.post(`/runs/${id}/next`), 'UNAUTHORIZED').detail, missing);
    assert.equal((await server.post(`/api/v1/runs/${id}/next`)).status, 200);
    const created = await server.post('/api/v1/runs', { profile: 'small_one' });
    assert.equal(created.status, 201);
    assert.match(created.headers.get('location') ?? '', /^\/api\/v1\/runs\/[0-9a-f-]{36}$/);
    for (const path of ['', `/${id}`, `/${id}/artifacts`, `/${id}/metrics`])
      assert.equal((await server.get(`/runs${path}`)).status, 200);
  });

  it('answers what does not fit with 422 and a text as `detail`; under /api/v1 with 400', async () => {
    const bodies = [{}, { profile: 3 }, { profile: 'small_one', more: 1 }, { profile: 'small_one', metadata: [] }, []];
    for (const body of bodies) {
      const { status, body: seen } = await server.post('/runs', body, ANN);
      assert.equal(status, 422);
      assert.equal(typeof Object(seen).detail, 'string');
      assert.equal(Object(seen).status, 422);
      assert.equal(errorIn(await server.post('/api/v1/runs', body), 'VALIDATION_ERROR').status, 400);
    }
    assert.equal((await server.get('/runs?limit=0')).status, 422);
    assert.equal((await server.get('/runs?status=lost')).status, 422);
    const unknown = errorIn(await server.post('/runs', { profile: 'nothing' }, ANN), 'UNKNOWN_PROFILE');
    assert.deepEqual(unknown.details, { profiles: ['small_one', 'rough', 'counted'] });
    errorIn(await server.post('/runs', { profile: 'rough', inputs: { number: 'seven' } }, ANN), 'VALIDATION_ERROR');
    assert.equal((await listOf('profile=rough')).total, 0, 'a run whose input is refused is not kept');
  });

  it('creates one run for one Idempotency-Key', async () => {
    const headers = { ...ANN, 'idempotency-key': 'once' };
    const first = await server.post('/runs', { profile: 'small_one', intake: 'a' }, headers);
    const again = await server.post('/runs', { profile: 'small_one', intake: 'a' }, headers);
    assert.equal(Object(again.body).run_id, Object(first.body).run_id);
    assert.equal(again.headers.get('idempotent-replayed'), 'true');
    errorIn(await server.post('/runs', { profile: 'small_one', intake: 'b' }, headers), 'IDEMPOTENCY_CONFLICT');
  });

  it('does not find a run that there is not, in the words of the source', async () => {
    for (const [method, path] of [
      ['get', ''],
      ['get', '/artifacts'],
      ['get', '/metrics'],
      ['get', '/why'],
      ['get', '/files/planning/a'],
      ['get', '/artifacts/planning_a/download'],
      ['post', '/next'],
      ['post', '/cancel'],
      ['post', '/pause'],
      ['post', '/resume'],
      ['post', '/retry'],
      ['post', '/clone'],
    ] as const) {
      const url = `/runs/nonexistent-run${path}`;
      const answer = method === 'get' ? await server.get(url) : await server.post(url, undefined, ANN);
      assert.deepEqual([url, answer.status, Object(answer.body).detail], [url, 404, 'Run not found: nonexistent-run']);
    }
  });
});

describe('GET /runs', () => {
  it('filters, counts before paging, and lists the newest first', async () => {
    const project_id = 'listed';
    const ids: string[] = [];
    for (const project_name of ['Alpha one', 'Beta Ähre', 'ALPHA two'])
      ids.push((await createOne(server, { profile: 'small_one', project_name, project_id })).run_id);
    await server.post(`/runs/${ids[1]}/cancel`, undefined, ANN);
    const seen = async (query: string) => {
      const { runs, total } = await listOf(`project_id=${project_id}&${query}`);
      return [runs.map((run) => ids.indexOf(run.run_id)), total];
    };
    assert.deepEqual(await seen(''), [[2, 1, 0], 3]);
    assert.deepEqual(await seen('limit=1&offset=1'), [[1], 3]);
    assert.deepEqual(await seen('q=alpha'), [[2, 0], 2]);
    assert.deepEqual(await seen(`q=${ids[0]?.slice(0, 8)}`), [[0], 1]);
    assert.deepEqual(await seen('q=100%25'), [[], 0]);
    assert.deepEqual(await seen(`q=${encodeURIComponent('beta Ähr')}`), [[1], 1]);
    assert.deepEqual(await seen('status=cancelled'), [[1], 1]);
    assert.deepEqual(await seen('status=running&profile=small-one'), [[2, 0], 2]);
    assert.deepEqual(await seen('profile=rough'), [[], 0]);
    assert.deepEqual(await seen('created_after=2025-01-01&created_before=2100-01-01T00:00:00Z'), [[2, 1, 0], 3]);
    assert.deepEqual(await seen('created_after=2100-01-01'), [[], 0]);
    assert.deepEqual(await seen('sort=project_name'), [[2, 0, 1], 3]);
    assert.equal((await server.get('/runs?created_after=yesterday')).status, 422);
    const { limit, offset } = await listOf('');
    assert.deepEqual([limit, offset], [50, 0]);
  });

  it('goes on behind a cursor, undisturbed by runs that come meanwhile', async () => {
    const project_id = 'cursor';
    const create = async () => (await createOne(server, { profile: 'small_one', project_id })).run_id;
    const ids = [await create(), await create(), await create(), await create(), await create()];
    for (const sort of ['-created_at', 'created_at', 'status', '-updated_at']) {
      const found: string[] = [];
      let cursor = '';
      for (let pages = 0; pages < 10; pages += 1) {
        const page = await listOf(`project_id=${project_id}&limit=2&sort=${sort}${cursor}`);
        found.push(...page.runs.map(({ run_id }) => run_id));
        if (page.next_cursor === null) break;
        if (sort === '-created_at') await create();
        cursor = `&cursor=${page.next_cursor}`;
      }
      assert.equal(new Set(found).size, found.length);
      assert.ok(
        ids.every((id) => found.includes(id)),
        sort,
      );
    }
    errorIn(await server.get('/api/v1/runs?cursor=nonsense'), 'VALIDATION_ERROR');
  });

  it('finds a run by the whole id of an execution that it was before or after', async () => {
    const { run_id: id } = await createOne(server, { profile: 'small_one', project_name: 'Found by its execution' });
    const row = { execution_id: 'another-execution', run_id: id, number: 2, reason: 'retry', created_at: 1 } as const;
    await server.database.insertInto('run_executions').values(row).execute();
    const found = async (q: string): Promise<string[]> =>
      listRunsResponseSchema.parse((await server.get(`/api/v1/runs?q=${q}`)).body).runs.map(({ run_id }) => run_id);
    assert.deepEqual([await found('another-execution'), await found('another-executio')], [[id], []]);
  });
});

describe('GET /api/v1/profiles', () => {
  it('says what runs can be made of', async () => {
    const { profiles, total } = profileListSchema.parse((await server.get('/api/v1/profiles')).body);
    const small = profiles.find(({ profile }) => profile === 'small_one');
    assert.deepEqual(
      small?.phases.map(({ phase }) => phase),
      ['planning', 'development', 'qa'],
    );
    assert.deepEqual([small?.asks_models, small?.models_reason], [false, null]);
    assert.equal(total, profiles.length);
  });

  it('estimates a run from completed ones of its project, and says why it cannot', async () => {
    const path = '/api/v1/profiles/small_one/estimate?project_id=estimated';
    await complete({ project_id: 'estimated' });
    const { time, cost } = runEstimateSchema.parse((await server.get(path)).body);
    assert.deepEqual([time.runs, time.from, time.reason, cost.from], [1, 'project', null, 'project']);
    assert.ok((time.median ?? -1) >= 0);
    const phases = profileListSchema.parse((await server.get('/api/v1/profiles')).body).profiles;
    const unused = phases.find(({ profile }) => profile !== 'small_one')?.profile ?? '';
    const none = runEstimateSchema.parse((await server.get(`/api/v1/profiles/${unused}/estimate`)).body);
    assert.deepEqual([none.time.median, none.time.reason], [null, 'no run of the profile has been completed that you may see']);
    assert.equal((await server.get('/api/v1/profiles/nothing/estimate')).status, 400);
  });
});

describe('POST /runs/{id}/clone', () => {
  it('makes another run with what is different, and says what it was made from', async () => {
    const source = await createOne(server, { profile: 'small_one', intake: 'first', metadata: { a: 1 }, project_name: 'Named' });
    const clone = runSummarySchema.parse(
      expectStatus(await server.post(`/runs/${source.run_id}/clone`, { intake: 'second', metadata: { b: 2 } }, ANN), 201),
    );
    assert.notEqual(clone.run_id, source.run_id);
    const { intake, metadata, project_name, cloned_from, created_by, phases } = await detailOf(server, clone.run_id);
    assert.deepEqual(
      [intake, metadata, project_name, cloned_from, created_by],
      ['second', { intake: 'second', b: 2 }, 'Named', source.run_id, 'ann'],
    );
    assert.ok(phases.every(({ status }) => status === 'pending'));
  });
});

describe('GET /runs/{id}/metrics', () => {
  it('adds up what each agent used, and gives null with a reason for what nobody measured', async () => {
    const id = await complete();
    const metrics = await metricsOf(server, id);
    assert.deepEqual(metrics.total_token_usage, { input: 110, output: 25 });
    assert.equal(metrics.total_cost_usd, 0.75);
    assert.deepEqual(
      metrics.per_agent.map(({ agent, provider, model, total_tokens, cost_usd }) => [
        agent,
        provider,
        model,
        total_tokens,
        cost_usd,
      ]),
      [
        ['architect', 'test', 'm-1', 120, 0.25],
        ['developer', 'test', 'm-1', 15, 0.5],
      ],
    );
    const [planning, , qa] = metrics.phases_metrics;
    assert.deepEqual(
      [planning?.token_usage, planning?.agents_executed, planning?.artifacts_generated],
      [{ input: 100, output: 20 }, ['architect'], 1],
    );
    assert.deepEqual([qa?.token_usage, qa?.cost_usd, qa?.governance_passed], [null, null, null]);
    assert.equal(metrics.not_measured['qa.token_usage'], 'no step reported what it used');
    assert.deepEqual(
      [metrics.governance_score, metrics.hygiene_score, metrics.artifacts_total, metrics.errors_count],
      [null, null, 3, 0],
    );
    assert.ok('governance_score' in metrics.not_measured && 'hygiene_score' in metrics.not_measured);
  });

  it('shows what was expected before beside what was paid, for each phase, agent and model, in the detail too', async () => {
    await complete();
    const { run_id: id } = await createOne(server, { profile: 'small_one' });
    const [waiting] = (await metricsOf(server, id)).phases_metrics;
    assert.deepEqual(
      [waiting?.cost.basis, waiting?.cost.estimated_usd, waiting?.cost.actual_usd, waiting?.cost.reason],
      ['past_runs', 0.25, null, 'the phase has not begun, so nothing was paid'],
    );
    await nextOf(server, id);
    const { phases_metrics: phases, per_agent: agents, cost } = await metricsOf(server, id);
    const compared = {
      basis: 'calls',
      estimated_usd: 0.2,
      low_usd: 0.1,
      high_usd: 0.3,
      actual_usd: 0.25,
      error_usd: 0.05,
      error_ratio: 0.25,
      reason: null,
    };
    for (const one of [phases[0]?.cost, agents[0]?.cost, phases[0]?.per_agent[0]?.cost, cost]) assert.deepEqual(one, compared);
    await nextOf(server, id);
    const later = await metricsOf(server, id);
    assert.deepEqual(
      [later.cost.estimated_usd, later.cost.actual_usd, later.cost.reason],
      [null, 0.75, '"developer": nothing was estimated before its calls'],
    );
    const detail = await detailOf(server, id);
    assert.deepEqual(detail.cost, later.cost);
    for (const [index, phase] of detail.phases.entries()) {
      assert.deepEqual(phase.cost, later.phases_metrics[index]?.cost);
      assert.deepEqual(phase.per_agent, later.phases_metrics[index]?.per_agent);
    }
  });

  it('projects cost and time of the phases to come from completed runs of the profile', async () => {
    await complete();
    const { run_id: id } = await createOne(server, { profile: 'small_one' });
    await nextOf(server, id);
    const { cost_projection: cost, time_to_completion: time } = await metricsOf(server, id);
    assert.deepEqual(
      [cost.median, cost.reason],
      [null, 'no completed run of the profile has known costs of these phases'],
      'qa costs nobody knows',
    );
    assert.ok(time.runs >= 1 && time.median !== null && time.low !== null && time.high !== null);
    assert.ok(time.low <= time.median && time.median <= time.high && time.median < 60);
    const rough = await createOne(server, { profile: 'rough' });
    assert.equal(
      (await metricsOf(server, rough.run_id)).time_to_completion.reason,
      'no run of the profile has been completed that you may see',
    );
    const completed = await complete();
    assert.equal((await metricsOf(server, completed)).cost_projection.reason, 'no phase is still to come');
  });
});

describe('the defects of the source (domain.md §1.6)', () => {
  it('1: one next runs one phase, none is left out, and behind the last one the run reads as completed', async () => {
    const { run_id: id } = await createOne(server, { profile: 'small_one' });
    const answers = [];
    for (let count = 0; count < 3; count += 1) answers.push(await nextOf(server, id, { skip_validation: true }));
    assert.deepEqual(
      answers.map(({ previous_phase, current_phase, status, message }) => [previous_phase, current_phase, status, message]),
      [
        ['planning', 'development', 'running', 'Advanced from planning to development'],
        ['development', 'qa', 'running', 'Advanced from development to qa'],
        ['qa', 'qa', 'completed', 'Completed qa: the run is completed'],
      ],
    );
    const { status, current_phase, phases, completed_at, total_duration_seconds } = await detailOf(server, id);
    assert.deepEqual([status, current_phase], ['completed', 'qa']);
    assert.ok(phases.every((phase) => phase.status === 'completed' && phase.duration_seconds !== null));
    assert.ok(isRecent(completed_at) && total_duration_seconds !== null);
    const refused = errorIn(await server.post(`/api/v1/runs/${id}/next`), 'INVALID_STATE');
    assert.deepEqual([refused.status, refused.details], [409, { status: 'completed' }]);
  });

  it('2: every artifact has its digest and its size', async () => {
    const id = await complete();
    const { body } = await server.get(`/runs/${id}/artifacts`);
    const all = Object.values(Object(body).artifacts_by_phase as Record<string, { hash: string; size_bytes: number }[]>).flat();
    assert.equal(all.length, 3);
    for (const { hash, size_bytes } of all) assert.ok(/^[0-9a-f]{64}$/.test(hash) && size_bytes > 0);
  });

  it('3: skip_validation has an effect and is recorded; without it the gate asks', async () => {
    const skipped = await detailOf(server, await complete());
    assert.deepEqual(
      skipped.phases.map(({ skip_validation }) => skip_validation),
      [false, false, true],
    );
    const { run_id: id } = await createOne(server, { profile: 'small_one' });
    await nextOf(server, id);
    await nextOf(server, id);
    const { status, current_phase, message } = await nextOf(server, id);
    assert.deepEqual([status, current_phase], ['running', 'qa']);
    assert.match(message, /^qa waits for a person: "Good enough\?" \(task_[0-9a-f]+\)$/);
    assert.equal((await detailOf(server, id)).phases[2]?.status, 'in_progress');
    await server.post(`/api/v1/executions/${id}/acceptance`, { accepted: true });
    await untilRun(server, id, (run) => run.status === 'completed');
  });

  it('4: token use is what was used; 5: updated_at stands still while nothing happens', async () => {
    const { run_id: id } = await createOne(server, { profile: 'small_one' });
    assert.equal((await metricsOf(server, id)).total_token_usage, null);
    await nextOf(server, id);
    assert.deepEqual((await metricsOf(server, id)).total_token_usage, { input: 100, output: 20 });
    const { updated_at: last } = await detailOf(server, id);
    await new Promise((resolve) => void setTimeout(resolve, 30));
    assert.equal((await detailOf(server, id)).updated_at, last);
    await nextOf(server, id);
    assert.ok((await detailOf(server, id)).updated_at > last);
  });

  it('6 and 7: detail and list say failed, in the words of the API', async () => {
    server.release();
    const { run_id: id } = await createOne(server, { profile: 'rough' });
    await nextOf(server, id);
    const { status, message } = await nextOf(server, id);
    assert.deepEqual([status, message], ['failed', 'development has failed: It is broken']);
    const detail = await detailOf(server, id);
    assert.deepEqual([detail.status, detail.error_message], ['failed', 'It is broken']);
    assert.deepEqual(
      detail.phases.map((phase) => phase.status),
      ['completed', 'skipped', 'failed', 'pending'],
    );
    assert.deepEqual(
      (await listOf('status=failed')).runs.map(({ run_id }) => run_id),
      [id],
    );
    assert.equal((await metricsOf(server, id)).errors_count, 1);
    const refused = errorIn(await server.post(`/runs/${id}/next`, undefined, ANN), 'INVALID_STATE');
    assert.match(refused.message, /POST \/runs\/[0-9a-f-]{36}\/retry/);
  });

  it('8: all requests are served by one service, so that what one began holds the others off', async () => {
    const { run_id: id } = await createOne(server, { profile: 'small_one' });
    const answers = await Promise.all(Array.from({ length: 5 }, () => server.post(`/runs/${id}/next`, undefined, ANN)));
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted((a, b) => a - b),
      [200, 409, 409, 409, 409],
    );
  });

  it('9: whoever was never seen before is served, and nobody is an answer, not an error of the server', async () => {
    const stranger = { 'x-user-id': 'never-seen', 'x-user-email': 'never@example.com' };
    assert.equal((await server.get('/runs', stranger)).status, 200);
    const { status, body } = await server.get('/api/v1/users/nobody-at-all', ANN);
    assert.deepEqual([status, Object(body).error_code], [404, 'USER_NOT_FOUND']);
  });
});
