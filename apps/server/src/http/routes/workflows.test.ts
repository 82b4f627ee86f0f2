import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { workflowDetailSchema, workflowListSchema } from '@loopwright/protocol';
import {
  DEFINITIONS,
  type TestServer,
  errorIn,
  executionIn,
  isRecent,
  openServer,
  pointersIn,
  start,
  untilStatus,
} from '../app-fixture.ts';

let server: TestServer;
before(async () => {
  server = await openServer();
});
after(() => server[Symbol.asyncDispose]());

const startPath = (workflow: string): string => `/api/v1/workflows/${workflow}/start`;
const total = async (): Promise<number> => server.engine.read.executions({ limit: 1 }).total;

describe('GET /api/v1/workflows', () => {
  it('lists every workflow with its name, revision and number of steps', async () => {
    const { workflows, total: count } = workflowListSchema.parse((await server.get('/api/v1/workflows')).body);
    assert.deepEqual(workflows.map(({ workflow_id }) => workflow_id).sort(), Object.keys(DEFINITIONS).sort());
    assert.equal(count, workflows.length);
    assert.deepEqual(
      workflows.find(({ workflow_id }) => workflow_id === 'review'),
      {
        workflow_id: 'review',
        name: 'Review a draft',
        description: 'A draft that people decide on',
        revision: '1.2.0',
        effective_date: '2026-01-31',
        step_count: 6,
        schedule: null,
      },
    );
  });

  it('is an empty list without workflows', async () => {
    await using bare = await openServer({ definitions: {} });
    assert.deepEqual((await bare.get('/api/v1/workflows')).body, { workflows: [], total: 0, next_cursor: null });
  });
});

describe('GET /api/v1/workflows/{workflow_id}', () => {
  it('gives the definition and the fields that are read from it', async () => {
    const { status, body } = await server.get('/api/v1/workflows/review');
    assert.equal(status, 200);
    const detail = workflowDetailSchema.parse(body);
    assert.deepEqual(Object.keys(body as object).sort(), Object.keys(workflowDetailSchema.shape).sort());
    assert.equal(detail.schema_version, '1.0.0');
    assert.deepEqual(detail.document_types, [{ name: 'draft', scope: 'project', acceptance_required: true, accepted_by: [] }]);
    assert.deepEqual(detail.steps[0], {
      step_id: 'draft',
      scope: 'project',
      role: 'writer',
      produces: 'draft',
      is_iteration: false,
    });
    assert.deepEqual(
      detail.steps.map(({ step_id }) => step_id),
      ['draft', 'ask', 'decide', 'way', 'publish', 'refuse'],
    );
    assert.equal(detail.digest, server.engine.definitions.get('review')?.digest);
    assert.deepEqual(detail.definition, server.engine.definitions.get('review')?.source);
  });

  it('says when there is none, whatever its name', async () => {
    for (const name of ['nowhere', '..%2Freview', 'x'.repeat(150), '%00']) {
      const error = errorIn(await server.get(`/api/v1/workflows/${name}`), 'WORKFLOW_NOT_FOUND');
      assert.equal(error.status, 404);
    }
    const long = errorIn(await server.get(`/api/v1/workflows/${'x'.repeat(201)}`), 'VALIDATION_ERROR');
    assert.deepEqual(pointersIn(long), ['/params/workflow_id']);
  });
});

describe('POST /api/v1/workflows/{workflow_id}/start', () => {
  it('starts an execution that runs by itself', async () => {
    const answer = await server.post(startPath('plain'), { project_id: 'p-7' }, { 'x-user-id': 'ann@example.org' });
    const execution = executionIn(answer, 201);
    assert.equal(answer.headers.get('location'), `/api/v1/executions/${execution.execution_id}`);
    assert.match(execution.execution_id, /^[0-9a-f-]{36}$/);
    assert.equal(execution.workflow_id, 'plain');
    assert.equal(execution.project_id, 'p-7');
    assert.equal(execution.started_by, 'ann@example.org');
    assert.ok(isRecent(execution.started_at));
    assert.equal(answer.headers.get('idempotent-replayed'), null);
    const done = await untilStatus(server, execution.execution_id, 'completed');
    assert.deepEqual(done.output, { two: 2 });
    assert.deepEqual(done.completed_steps, ['one', 'two']);
    assert.ok(isRecent(done.completed_at));
  });

  it('says when there is no such workflow', async () => {
    errorIn(await server.post(startPath('nowhere'), { project_id: 'p' }), 'WORKFLOW_NOT_FOUND');
  });

  it('refuses a body that is not valid and points to what is wrong', async () => {
    const atFirst = await total();
    const pointers = async (body: unknown): Promise<string[]> =>
      pointersIn(errorIn(await server.post(startPath('plain'), body), 'VALIDATION_ERROR'));
    assert.deepEqual(await pointers({}), ['/body/project_id']);
    assert.deepEqual(await pointers({ project_id: '  ' }), ['/body/project_id']);
    assert.deepEqual(await pointers({ project_id: 'p'.repeat(201) }), ['/body/project_id']);
    assert.deepEqual(await pointers({ project_id: 1, initial_context: [] }), ['/body/initial_context', '/body/project_id']);
    assert.deepEqual(await pointers([]), ['/body']);
    const more = errorIn(await server.post(startPath('plain'), { project_id: 'p', projekt: 1 }), 'VALIDATION_ERROR');
    assert.match(more.message, /projekt/);
    errorIn(await server.post(startPath('plain')), 'VALIDATION_ERROR');
    assert.equal(await total(), atFirst);
  });

  it('refuses input that does not fit the schema of the workflow, before anything is stored', async () => {
    const atFirst = await total();
    const missing = errorIn(await server.post(startPath('review'), { project_id: 'p' }), 'VALIDATION_ERROR');
    assert.match(missing.message, /^Cannot start "review": \/input must have required property 'text'$/);
    assert.deepEqual(pointersIn(missing), ['/input']);
    const wrong = await server.post(startPath('review'), { project_id: 'p', initial_context: { text: 5 } });
    assert.deepEqual(pointersIn(errorIn(wrong, 'VALIDATION_ERROR')), ['/input/text']);
    assert.equal(await total(), atFirst);
  });

  it('gives the same execution for the same Idempotency-Key', async () => {
    const key = { 'idempotency-key': 'order-1' };
    const body = { project_id: 'p', initial_context: { a: [1] } };
    const first = executionIn(await server.post(startPath('plain'), body, key), 201);
    const answer = await server.post(startPath('plain'), body, key);
    assert.equal(executionIn(answer, 201).execution_id, first.execution_id);
    assert.equal(answer.headers.get('idempotent-replayed'), 'true');
    const other = await server.post(startPath('plain'), { ...body, initial_context: { a: [2] } }, key);
    assert.equal(errorIn(other, 'IDEMPOTENCY_CONFLICT').status, 422);
    const somebodyElse = await server.post(startPath('plain'), body, { ...key, 'x-user-id': 'bob' });
    assert.notEqual(executionIn(somebodyElse, 201).execution_id, first.execution_id);
  });

  it('starts one execution for one key, however many ask at once', async () => {
    const atFirst = await total();
    const key = { 'idempotency-key': 'at-once' };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => server.post(startPath('plain'), { project_id: 'p' }, key)),
    );
    const ids = new Set(answers.map((answer) => executionIn(answer, 201).execution_id));
    assert.equal(ids.size, 1);
    assert.equal(answers.filter(({ headers }) => headers.get('idempotent-replayed') === null).length, 1);
    assert.equal(await total(), atFirst + 1);
  });

  it('refuses a key that is not one', async () => {
    for (const key of ['', 'with space', 'x'.repeat(256)]) {
      const answer = await server.post(startPath('plain'), { project_id: 'p' }, { 'idempotency-key': key });
      assert.deepEqual(pointersIn(errorIn(answer, 'VALIDATION_ERROR')), ['/headers/idempotency-key']);
    }
  });

  it('runs many executions at once, each with its own input and people', async () => {
    const texts = Array.from({ length: 25 }, (_, index) => `text ${index}`);
    const started = await Promise.all(texts.map((text) => start(server, 'review', { text })));
    await Promise.all(
      started.map(async ({ execution_id: id }, index) => {
        await untilStatus(server, id, 'waiting_clarification');
        await server.post(`/api/v1/executions/${id}/clarification`, { answers: { LENGTH: (index % 9) + 1 } });
        const waiting = await untilStatus(server, id, 'waiting_acceptance');
        assert.deepEqual(waiting.pending_acceptance?.document_preview, { text: texts[index] });
        await server.post(`/api/v1/executions/${id}/acceptance`, { accepted: true, comment: `c${index}` });
        const { output } = await untilStatus(server, id, 'completed');
        assert.deepEqual(output, { answers: { TONE: 'plain', LENGTH: (index % 9) + 1 }, comment: `c${index}` });
      }),
    );
  });
});
