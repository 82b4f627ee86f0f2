import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ExecutionList, executionListSchema, whySchema } from '@loopwright/protocol';
import {
  type TestServer,
  errorIn,
  executionIn,
  isRecent,
  openServer,
  pointersIn,
  start,
  startDecision,
  startReview,
  until,
  untilStatus,
} from '../app-fixture.ts';

let server: TestServer;
before(async () => {
  server = await openServer();
});
after(() => server[Symbol.asyncDispose]());

const PATH = '/api/v1/executions';
const list = async (from: TestServer, query = ''): Promise<ExecutionList> =>
  executionListSchema.parse((await from.get(`${PATH}${query}`)).body);

describe('GET /api/v1/executions', () => {
  it('is empty at first', async () => {
    await using bare = await openServer();
    assert.deepEqual(await list(bare), { executions: [], total: 0, next_cursor: null });
  });

  it('lists the newest first, filters by each field, and pages', async () => {
    await using own = await openServer();
    const ids: string[] = [];
    for (const project of ['a', 'b', 'a', 'b', 'a']) {
      const answer = await own.post('/api/v1/workflows/plain/start', { project_id: project });
      ids.unshift(executionIn(answer, 201).execution_id);
      await untilStatus(own, ids[0] ?? '', 'completed');
    }
    const { execution_id: waiting } = await startReview(own);
    const all = await list(own);
    assert.deepEqual(
      all.executions.map(({ execution_id }) => execution_id),
      [waiting, ...ids],
    );
    assert.equal(all.total, 6);
    assert.deepEqual(Object.keys(all.executions[0] ?? {}).sort(), [
      'completed_at',
      'execution_id',
      'project_id',
      'run',
      'started_at',
      'status',
      'workflow_id',
    ]);
    assert.equal((await list(own, '?project_id=a')).total, 3);
    assert.equal((await list(own, '?workflow_id=review')).total, 1);
    assert.equal((await list(own, '?workflow_id=plain&project_id=b&status=completed')).total, 2);
    assert.equal((await list(own, '?status=waiting_clarification')).executions[0]?.execution_id, waiting);
    assert.equal((await list(own, '?status=cancelled')).total, 0);
    const page = await list(own, '?workflow_id=plain&limit=2&offset=1');
    assert.deepEqual(
      page.executions.map(({ execution_id }) => execution_id),
      ids.slice(1, 3),
    );
    assert.equal(page.total, 5);
    assert.deepEqual(await list(own, '?offset=6'), { executions: [], total: 6, next_cursor: null });
    const first = await list(own, '?limit=4');
    await own.post('/api/v1/workflows/plain/start', { project_id: 'c' });
    const second = await list(own, `?limit=4&cursor=${first.next_cursor}`);
    assert.deepEqual(
      [...first.executions, ...second.executions].map(({ execution_id }) => execution_id),
      [waiting, ...ids],
      'what began in between moves nothing',
    );
    assert.equal(second.next_cursor, null);
    for (const cursor of ['x', 'WyJ4Il0', first.next_cursor?.slice(1)])
      assert.deepEqual(pointersIn(errorIn(await own.get(`/api/v1/executions?cursor=${cursor}`), 'VALIDATION_ERROR')), [
        '/querystring/cursor',
      ]);
  });

  it('finds by a text, by time, by ids and what waits for the caller, in other orders, page by page', async () => {
    await using own = await openServer();
    const startIn = async (workflow: string, project: string): Promise<string> => {
      const answer = await own.post(`/api/v1/workflows/${workflow}/start`, { project_id: project });
      return executionIn(answer, 201).execution_id;
    };
    const plain = [await startIn('plain', 'shop'), await startIn('plain', 'bank'), await startIn('plain', 'Shop 2')];
    const { execution_id: waiting } = await startReview(own);
    for (const id of plain) await untilStatus(own, id, 'completed');
    const [first = '', second = '', third = ''] = plain;
    const found = async (query: string): Promise<string[]> =>
      (await list(own, query)).executions.map(({ execution_id }) => execution_id);
    assert.deepEqual(await found('?q=SHOP'), [third, first]);
    assert.deepEqual(await found(`?q=${second.slice(0, 20)}`), [second]);
    assert.deepEqual(await found('?q=view&status=completed'), []);
    assert.deepEqual(await found('?waiting_for=me'), [waiting]);
    assert.deepEqual(await found(`?waiting_for=me&execution_id=${first}`), []);
    assert.deepEqual(await found(`?execution_id=${first},none,${waiting}`), [waiting, first]);
    const { started_at: at } = (await list(own, `?execution_id=${third}`)).executions[0] ?? {};
    assert.deepEqual(await found(`?created_from=${at}&workflow_id=plain`), [third]);
    assert.deepEqual(await found(`?created_before=${at}&q=shop`), [first]);
    assert.deepEqual(await found('?sort=started_at&workflow_id=plain'), plain);
    assert.deepEqual(await found('?sort=project_id&workflow_id=plain'), [third, second, first]);
    assert.deepEqual(await found('?sort=-workflow_id'), [waiting, third, second, first]);
    const page = await list(own, '?sort=-status&limit=3');
    assert.equal(page.total, 4);
    assert.deepEqual(
      [...page.executions.map(({ execution_id }) => execution_id), ...(await found(`?sort=-status&cursor=${page.next_cursor}`))],
      [waiting, third, second, first],
    );
    errorIn(await own.get(`${PATH}?sort=started_at&cursor=${page.next_cursor}`), 'VALIDATION_ERROR');
  });

  it('takes no text for anything else, and nothing that is too long or is no time', async () => {
    for (const q of ["' OR 1=1 --", '%', '\0', '*', '"'])
      assert.equal((await list(server, `?q=${encodeURIComponent(q)}`)).total, 0);
    const bad = [
      'q=',
      `q=${'x'.repeat(201)}`,
      'created_from=yesterday',
      'waiting_for=you',
      'sort=output',
      'offset=100001',
      `execution_id=${Array.from({ length: 101 }, () => 'a').join(',')}`,
    ];
    for (const query of bad) errorIn(await server.get(`${PATH}?${query}`), 'VALIDATION_ERROR');
  });

  it('refuses a status that there is not, and names those there are', async () => {
    const error = errorIn(await server.get(`${PATH}?status=asleep`), 'INVALID_STATUS');
    assert.equal(error.status, 400);
    assert.ok(JSON.stringify(error.details?.['allowed']).includes('"waiting_acceptance"'));
  });

  it('refuses a page that is none', async () => {
    const error = errorIn(await server.get(`${PATH}?limit=0&offset=-1`), 'VALIDATION_ERROR');
    assert.deepEqual(pointersIn(error), ['/querystring/limit', '/querystring/offset']);
    errorIn(await server.get(`${PATH}?limit=501`), 'VALIDATION_ERROR');
  });
});

describe('GET /api/v1/executions/{execution_id}', () => {
  it('shows the question that is open, with everything needed to answer it', async () => {
    const execution = await startReview(server);
    const { pending_clarification: pending } = execution;
    assert.equal(execution.pending_acceptance, null);
    assert.equal(execution.current_step_id, 'ask');
    assert.deepEqual(execution.completed_steps, ['draft']);
    assert.equal(pending?.step_id, 'ask');
    assert.match(pending?.subject_digest ?? '', /^[0-9a-f]{64}$/);
    assert.deepEqual(
      pending?.questions.map(({ id, priority, required }) => [id, priority, required]),
      [
        ['TONE', 'should', true],
        ['LENGTH', 'must', true],
        ['PUBLIC', 'should', false],
      ],
    );
    assert.deepEqual(pending?.questions[0], {
      id: 'TONE',
      text: 'Which tone?',
      context: 'It decides the words',
      priority: 'should',
      answer_type: 'single_choice',
      choices: ['plain', 'formal'],
      default: 'plain',
      required: true,
    });
    const { definition } = execution;
    assert.deepEqual(definition, { version: '1.2.0', digest: server.engine.definitions.get('review')?.digest });
    assert.deepEqual(
      execution.step_progress.map(({ step_id, status }) => [step_id, status]),
      [
        ['draft', 'completed'],
        ['ask', 'clarifying'],
      ],
    );
  });

  it('shows the decision that is open, with what it is about', async () => {
    const { pending_acceptance: pending, pending_clarification: none, step_progress: progress } = await startDecision(server);
    assert.equal(none, null);
    assert.equal(progress.at(-1)?.status, 'waiting');
    assert.equal(pending?.doc_type, 'draft');
    assert.equal(pending?.scope_id, 's-1');
    assert.deepEqual(pending?.document_preview, { text: 'Hello' });
  });

  it('counts the attempts of a step that failed at first', async () => {
    const { execution_id: id } = await start(server, 'noisy', { characters: 3, times: 2 });
    const { step_progress: progress } = await untilStatus(server, id, 'waiting_acceptance');
    assert.deepEqual(
      progress.filter(({ step_id }) => step_id === 'flaky').map(({ status, attempt }) => [status, attempt]),
      [
        ['failed', 1],
        ['failed', 2],
        ['completed', 3],
      ],
    );
  });

  it('shows the error of one that failed', async () => {
    const { execution_id: id } = await start(server, 'broken');
    const failed = await untilStatus(server, id, 'failed');
    assert.equal(failed.error, 'xxxxx');
    assert.equal(failed.error_document?.['status'], 500);
    assert.equal(failed.error_document?.['instance'], '/do/0/outer/do/0/bad');
    assert.ok(isRecent(failed.completed_at));
  });

  it('says when there is none', async () => {
    for (const rest of ['', '/why']) errorIn(await server.get(`${PATH}/nobody${rest}`), 'EXECUTION_NOT_FOUND');
    for (const verb of ['cancel', 'pause', 'resume'])
      assert.equal(errorIn(await server.post(`${PATH}/nobody/${verb}`), 'EXECUTION_NOT_FOUND').status, 404);
  });
});

describe('GET /api/v1/executions/{execution_id}/why', () => {
  const whyOf = async (id: string): Promise<ReturnType<typeof whySchema.parse>> =>
    whySchema.parse((await server.get(`${PATH}/${id}/why`)).body);

  it('says whom or what an execution waits for, and what would make it go on', async () => {
    const { execution_id: id, pending_clarification: pending } = await startReview(server);
    const asked = await whyOf(id);
    assert.equal(asked.state, 'waiting_clarification');
    assert.ok(isRecent(asked.since));
    assert.deepEqual(asked.waiting_for, [
      { kind: 'person', task_id: pending?.task_id, step_id: 'ask', question: 'clarification' },
    ]);
    assert.match(asked.unblock ?? '', new RegExp(`^POST /api/v1/executions/${id}/clarification`));
    assert.match(asked.sentence, /for a person to answer "About the draft"/);
    await server.post(`${PATH}/${id}/pause`);
    assert.equal((await whyOf(id)).unblock, `POST /api/v1/executions/${id}/resume`);
    await server.post(`${PATH}/${id}/cancel`);
    const over = await whyOf(id);
    assert.equal(over.unblock, null);
    assert.match(over.sentence, /cancelled/);
  });

  it('names the step that runs', async () => {
    const { execution_id: id } = await start(server, 'hold');
    await until(server, id, ({ current_step_id: step }) => step === 'work');
    assert.match((await whyOf(id)).sentence, /running the step work/);
    await server.post(`${PATH}/${id}/cancel`);
  });
});

describe('POST /api/v1/executions/{execution_id}/cancel', () => {
  it('stops the step under way and is final', async () => {
    await using own = await openServer();
    const { execution_id: id } = await start(own, 'hold');
    await until(own, id, ({ current_step_id: step }) => step === 'work');
    const cancelled = executionIn(await own.post(`${PATH}/${id}/cancel`, { reason: 'enough' }, { 'x-user-id': 'ann' }));
    assert.equal(cancelled.status, 'cancelled');
    assert.equal(own.aborted(), 1);
    assert.deepEqual(own.engine.read.events(id, 0, 100).at(-1)?.data, { cancelled_by: 'ann', reason: 'enough' });
    own.release();
    const again = errorIn(await own.post(`${PATH}/${id}/cancel`), 'INVALID_STATE');
    assert.equal(again.status, 409);
    assert.deepEqual(again.details, { status: 'cancelled' });
    assert.equal(executionIn(await own.get(`${PATH}/${id}`)).status, 'cancelled');
  });

  it('takes no reason too, and closes what is open', async () => {
    const { execution_id: id, pending_clarification: pending } = await startReview(server);
    const cancelled = executionIn(await server.post(`${PATH}/${id}/cancel`));
    assert.equal(cancelled.pending_clarification, null);
    const late = await server.post(`${PATH}/${id}/clarification`, { answers: { LENGTH: 1 }, task_id: pending?.task_id });
    assert.deepEqual(errorIn(late, 'INVALID_STATE').details, { state: 'cancelled' });
  });

  it('is refused when the execution is complete', async () => {
    const { execution_id: id } = await start(server, 'plain');
    await untilStatus(server, id, 'completed');
    const error = errorIn(await server.post(`${PATH}/${id}/cancel`), 'INVALID_STATE');
    assert.deepEqual(error.details, { status: 'completed' });
  });

  it('refuses a body that is not valid', async () => {
    const { execution_id: id } = await startReview(server);
    const error = errorIn(await server.post(`${PATH}/${id}/cancel`, { reason: 5 }), 'VALIDATION_ERROR');
    assert.deepEqual(pointersIn(error), ['/body/reason']);
    assert.equal(executionIn(await server.get(`${PATH}/${id}`)).status, 'waiting_clarification');
  });
});

describe('POST /api/v1/executions/{execution_id}/pause and /resume', () => {
  it('stop before the next step and go on from there', async () => {
    await using own = await openServer();
    const { execution_id: id } = await start(own, 'hold');
    await until(own, id, ({ current_step_id: step }) => step === 'work');
    assert.equal(executionIn(await own.post(`${PATH}/${id}/pause`)).status, 'paused');
    own.release();
    const resting = await until(own, id, ({ completed_steps: steps }) => steps.includes('work'));
    assert.equal(resting.status, 'paused');
    assert.deepEqual(resting.completed_steps, ['work']);
    errorIn(await own.post(`${PATH}/${id}/pause`), 'INVALID_STATE');
    executionIn(await own.post(`${PATH}/${id}/resume`));
    assert.equal((await untilStatus(own, id, 'completed')).output, 'done');
  });

  it('keep a decision that comes while the execution is paused', async () => {
    const { execution_id: id } = await startDecision(server);
    await server.post(`${PATH}/${id}/pause`);
    const decided = executionIn(await server.post(`${PATH}/${id}/acceptance`, { accepted: true, comment: 'fine' }));
    assert.equal(decided.status, 'paused');
    assert.equal(decided.pending_acceptance, null);
    await server.post(`${PATH}/${id}/resume`);
    assert.deepEqual((await untilStatus(server, id, 'completed')).output, {
      answers: { TONE: 'plain', LENGTH: 3 },
      comment: 'fine',
    });
  });

  it('are refused in a wrong state', async () => {
    const { execution_id: id } = await startReview(server);
    const error = errorIn(await server.post(`${PATH}/${id}/resume`), 'INVALID_STATE');
    assert.equal(error.status, 409);
    assert.deepEqual(error.details, { status: 'waiting_clarification' });
    await server.post(`${PATH}/${id}/cancel`);
    errorIn(await server.post(`${PATH}/${id}/pause`), 'INVALID_STATE');
    errorIn(await server.post(`${PATH}/${id}/resume`), 'INVALID_STATE');
  });
});
