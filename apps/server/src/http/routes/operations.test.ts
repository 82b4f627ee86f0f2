import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { loadDefinition } from '@loopwright/engine';
import {
  bulkPreviewSchema,
  bulkResultSchema,
  diagramSchema,
  moveResponseSchema,
  stuckListSchema,
  whySchema,
  workflowVersionsSchema,
} from '@loopwright/protocol';
import {
  DEFINITIONS,
  type TestServer,
  errorIn,
  executionIn,
  openServer,
  start,
  startDecision,
  startReview,
  untilStatus,
} from '../app-fixture.ts';

let server: TestServer;
before(async () => {
  server = await openServer();
});
after(() => server[Symbol.asyncDispose]());

const PATH = '/api/v1/executions';

/** Registers the definition again with another title, which fits every execution under way. */
async function reviseReview(own: TestServer): Promise<string> {
  const text = DEFINITIONS.review.replace('Review a draft', 'Review it').replace("version: '1.2.0'", "version: '1.3.0'");
  const definition = loadDefinition(text, own.engine.functions);
  await own.engine.register(definition);
  return definition.digest;
}

describe('GET /api/v1/workflows/{workflow_id}/versions', () => {
  it('says in one request who still runs an old definition, and its offers work', async () => {
    await using own = await openServer();
    const waiting = await startReview(own);
    const { execution_id: ended } = await start(own, 'plain');
    await untilStatus(own, ended, 'completed');
    const digest = await reviseReview(own);
    const versions = workflowVersionsSchema.parse((await own.get('/api/v1/workflows/review/versions')).body);
    const found = new Map(versions.versions.map(({ version, current, executions }) => [version, { current, executions }]));
    assert.deepEqual(found.get('1.2.0'), { current: false, executions: { waiting_clarification: 1 } });
    assert.deepEqual(found.get('1.3.0'), { current: true, executions: {} });
    const [outdated] = versions.outdated;
    assert.equal(outdated?.execution_id, waiting.execution_id);
    assert.deepEqual(outdated.offers.move?.body, { definition_digest: digest });
    const dry = await own.post(outdated.offers.move.path, { ...outdated.offers.move.body, dry_run: true });
    assert.deepEqual(moveResponseSchema.parse(dry.body), {
      execution_id: waiting.execution_id,
      moved: false,
      compatible: true,
      matched: 2,
      diverges_at: null,
    });
    assert.equal((await own.get(`${PATH}/${waiting.execution_id}`).then(executionIn)).definition.version, '1.2.0');
    assert.ok(moveResponseSchema.parse((await own.post(outdated.offers.move.path, outdated.offers.move.body)).body).moved);
    assert.equal((await own.get(`${PATH}/${waiting.execution_id}`).then(executionIn)).definition.digest, digest);
    const moved = workflowVersionsSchema.parse((await own.get('/api/v1/workflows/review/versions')).body);
    assert.deepEqual(moved.outdated, []);
  });

  it('says where a definition would part, and does not move', async () => {
    await using own = await openServer();
    const { execution_id: id } = await startReview(own);
    const other = loadDefinition(
      DEFINITIONS.review.replace('title: About the draft', 'title: Something else'),
      own.engine.functions,
    );
    await own.engine.register(other);
    const body = { definition_digest: other.digest };
    const dry = moveResponseSchema.parse((await own.post(`${PATH}/${id}/move`, { ...body, dry_run: true })).body);
    assert.deepEqual([dry.compatible, dry.diverges_at?.key], [false, 'ask']);
    const refused = errorIn(await own.post(`${PATH}/${id}/move`, body), 'INVALID_STATE');
    assert.match(JSON.stringify(refused.details), /"key":"ask"/);
  });
});

describe('restart and retry', () => {
  it('begin a new execution that says where it comes from', async () => {
    const { execution_id: id } = await start(server, 'plain');
    await untilStatus(server, id, 'completed');
    const key = { 'idempotency-key': 'again' };
    const answer = await server.post(`${PATH}/${id}/restart`, { from: 'two' }, key);
    const { execution_id: again } = executionIn(answer, 201);
    assert.equal(answer.headers.get('location'), `${PATH}/${again}`);
    const done = await untilStatus(server, again, 'completed');
    assert.deepEqual(done.restarted_from, { execution_id: id, task: 'two', key: 'two' });
    assert.deepEqual(
      done.step_progress.map(({ step_id, shared }) => [step_id, shared]),
      [
        ['one', true],
        ['two', false],
      ],
    );
    const repeated = await server.post(`${PATH}/${id}/restart`, { from: 'two' }, key);
    assert.equal(executionIn(repeated, 201).execution_id, again);
    assert.equal(repeated.headers.get('idempotent-replayed'), 'true');
    errorIn(await server.post(`${PATH}/${id}/restart`, { from: 'one' }, key), 'IDEMPOTENCY_CONFLICT');
    errorIn(await server.post(`${PATH}/${id}/restart`, { from: 'three' }), 'STEP_NOT_FOUND');
    errorIn(await server.post(`${PATH}/${id}/retry`), 'INVALID_STATE');
  });

  it('take an edited input', async () => {
    const { execution_id: id } = await start(server, 'broken');
    await untilStatus(server, id, 'failed');
    const why = whySchema.parse((await server.get(`${PATH}/${id}/why`)).body);
    assert.equal(why.unblock, `POST ${PATH}/${id}/retry`);
    const retried = executionIn(await server.post(`${PATH}/${id}/retry`), 201);
    assert.equal(retried.restarted_from?.task, 'bad');
    const { execution_id: decided } = await startDecision(server);
    await server.post(`${PATH}/${decided}/acceptance`, { accepted: false, comment: 'no' });
    await untilStatus(server, decided, 'failed');
    const body = { from: 'way', input: { accepted: true, comment: 'after all' } };
    const { execution_id: again } = executionIn(await server.post(`${PATH}/${decided}/restart`, body), 201);
    assert.deepEqual((await untilStatus(server, again, 'completed')).output, {
      answers: { TONE: 'plain', LENGTH: 3 },
      comment: 'after all',
    });
  });
});

describe('GET …/diagram', () => {
  it('draws a definition and an execution', async () => {
    const answer = await server.get('/api/v1/workflows/review/diagram');
    assert.equal(answer.headers.get('content-type'), 'text/vnd.mermaid; charset=utf-8');
    assert.match(String(answer.body), /^flowchart TD\n/);
    assert.doesNotMatch(String(answer.body), /legend/);
    const { execution_id: id } = await startReview(server);
    assert.match(String((await server.get(`${PATH}/${id}/diagram`)).body), /task2\["ask: clarify"\]:::waiting/);
    const { tasks } = diagramSchema.parse((await server.get(`${PATH}/${id}/diagram?format=json`)).body);
    assert.deepEqual(tasks, { '/do/0/draft': 'done', '/do/1/ask': 'waiting' });
    errorIn(await server.get(`${PATH}/${id}/diagram?format=png`), 'VALIDATION_ERROR');
  });
});

describe('POST /api/v1/executions/bulk', () => {
  it('does exactly what was previewed, once', async () => {
    await using own = await openServer();
    const ids: string[] = [];
    for (let count = 0; count < 12; count += 1) ids.push((await startReview(own)).execution_id);
    const request = { action: 'cancel', filter: { workflow_id: 'review' }, dry_run: true };
    const preview = bulkPreviewSchema.parse((await own.post(`${PATH}/bulk`, request)).body);
    assert.deepEqual([preview.count, preview.sample.length, preview.left_to_runs], [12, 12, 0]);
    const { execution_id: later } = await startReview(own);
    const first = ids[0] ?? '';
    await own.post(`${PATH}/${first}/cancel`);
    errorIn(await own.post(`${PATH}/bulk`, { token: preview.token }, { 'x-user-id': 'bob' }), 'CONFLICT');
    const result = bulkResultSchema.parse((await own.post(`${PATH}/bulk`, { token: preview.token })).body);
    assert.deepEqual([result.count, result.done, result.failed], [12, 11, 1]);
    const refused = result.results.find(({ outcome }) => outcome === 'failed');
    assert.deepEqual([refused?.execution_id, refused?.error_code], [first, 'INVALID_STATE']);
    assert.deepEqual((await own.post(`${PATH}/bulk`, { token: preview.token })).body, result);
    await untilStatus(own, later, 'waiting_clarification');
    errorIn(await own.post(`${PATH}/bulk`, { token: 'none' }), 'CONFLICT');
    errorIn(await own.post(`${PATH}/bulk`, { action: 'cancel', filter: {} }), 'VALIDATION_ERROR');
  });

  it('pauses, resumes and retries those that an action is for', async () => {
    await using own = await openServer();
    const { execution_id: waiting } = await startReview(own);
    const { execution_id: failed } = await start(own, 'broken');
    await untilStatus(own, failed, 'failed');
    const run = async (action: string, filter: object = {}): Promise<ReturnType<typeof bulkResultSchema.parse>> => {
      const { token } = bulkPreviewSchema.parse((await own.post(`${PATH}/bulk`, { action, filter, dry_run: true })).body);
      return bulkResultSchema.parse((await own.post(`${PATH}/bulk`, { token })).body);
    };
    assert.deepEqual(
      (await run('pause')).results.map(({ execution_id }) => execution_id),
      [waiting],
    );
    const stuck = stuckListSchema.parse((await own.get(`${PATH}/stuck?for_seconds=0`)).body);
    assert.deepEqual(
      stuck.executions.map(({ execution_id, why }) => [execution_id, why.state]),
      [[waiting, 'paused']],
    );
    assert.equal((await run('resume')).done, 1);
    assert.equal((await run('resume')).count, 0);
    const [retried] = (await run('retry', { workflow_id: 'broken' })).results;
    const again = executionIn(await own.get(`${PATH}/${retried?.new_execution_id ?? ''}`));
    assert.equal(again.restarted_from?.execution_id, failed);
    assert.equal((await run('cancel', { created_before: '2020-01-01T00:00:00Z' })).count, 0);
    assert.equal((await run('cancel', { q: 'broken' })).count, 0);
    assert.equal((await run('cancel', { execution_id: [failed, 'none'] })).count, 0);
    assert.deepEqual(
      (await run('pause', { execution_id: [waiting, 'none'], q: 'view' })).results.map(({ execution_id }) => execution_id),
      [waiting],
    );
    for (const filter of [{ execution_id: [] }, { execution_id: 'all' }, { q: '' }, { waiting_for: 'me' }])
      errorIn(await own.post(`${PATH}/bulk`, { action: 'cancel', filter, dry_run: true }), 'VALIDATION_ERROR');
  });
});
