import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { humanTaskSchema } from '@loopwright/protocol';
import { z } from 'zod';
import {
  type Answer,
  type TestServer,
  errorIn,
  executionIn,
  isRecent,
  openServer,
  pointersIn,
  start,
  startDecision,
  startReview,
  taskOf,
  until,
  untilStatus,
} from '../app-fixture.ts';

let server: TestServer;
before(async () => {
  server = await openServer();
});
after(() => server[Symbol.asyncDispose]());

const clarify = (id: string, body: object, headers: Record<string, string> = {}): Promise<Answer> =>
  server.post(`/api/v1/executions/${id}/clarification`, body, headers);
const decide = (id: string, body: object, headers: Record<string, string> = {}): Promise<Answer> =>
  server.post(`/api/v1/executions/${id}/acceptance`, body, headers);

describe('POST /api/v1/executions/{execution_id}/acceptance', () => {
  it('lets the execution go on when it is approved', async () => {
    const { execution_id: id, pending_acceptance: pending } = await startDecision(server);
    const answered = executionIn(await decide(id, { accepted: true, comment: 'good' }, { 'x-user-id': 'bob' }));
    assert.equal(answered.pending_acceptance, null);
    const done = await untilStatus(server, id, 'completed');
    assert.deepEqual(done.output, { answers: { TONE: 'plain', LENGTH: 3 }, comment: 'good' });
    assert.deepEqual(done.completed_steps, ['draft', 'ask', 'decide', 'publish']);
    const task = await taskOf(server, pending?.task_id ?? '');
    assert.equal(task.answered_by, 'bob');
    assert.ok(isRecent(task.answered_at));
  });

  it('ends it as the workflow says when it is rejected', async () => {
    const { execution_id: id } = await startDecision(server);
    executionIn(await decide(id, { accepted: false, comment: 'too long' }));
    const failed = await untilStatus(server, id, 'failed');
    assert.equal(failed.error, 'Document rejected: too long');
    assert.equal(failed.error_document?.['type'], 'https://example.com/rejected');
    assert.equal(failed.completed_steps.includes('publish'), false);
  });

  it('is refused when the execution waits for something else or has ended', async () => {
    const { execution_id: id } = await startReview(server);
    const waiting = errorIn(await decide(id, { accepted: true }), 'INVALID_STATE');
    assert.equal(waiting.status, 409);
    assert.equal(waiting.details?.['status'], 'waiting_clarification');
    const { execution_id: plain } = await start(server, 'plain');
    await untilStatus(server, plain, 'completed');
    assert.equal(errorIn(await decide(plain, { accepted: true }), 'INVALID_STATE').details?.['status'], 'completed');
  });

  it('says when there is no such execution, task or step', async () => {
    errorIn(await decide('nobody', { accepted: true }), 'EXECUTION_NOT_FOUND');
    const { execution_id: id } = await startDecision(server);
    errorIn(await decide(id, { accepted: true, task_id: 'task_none' }), 'TASK_NOT_FOUND');
    errorIn(await decide(id, { accepted: true, step_id: 'nowhere' }), 'STEP_NOT_FOUND');
    const other = await startDecision(server);
    const foreign = await decide(id, { accepted: true, task_id: other.pending_acceptance?.task_id });
    errorIn(foreign, 'TASK_NOT_FOUND');
  });

  it('refuses a body that is not valid', async () => {
    const { execution_id: id } = await startDecision(server);
    assert.deepEqual(pointersIn(errorIn(await decide(id, {}), 'VALIDATION_ERROR')), ['/body/accepted']);
    assert.deepEqual(pointersIn(errorIn(await decide(id, { accepted: 'yes' }), 'VALIDATION_ERROR')), ['/body/accepted']);
    const long = { accepted: true, comment: 'x'.repeat(10_001) };
    assert.deepEqual(pointersIn(errorIn(await decide(id, long), 'VALIDATION_ERROR')), ['/body/comment']);
  });

  it('refuses a decision on something else than what is shown', async () => {
    const { execution_id: id, pending_acceptance: pending } = await startDecision(server);
    const stale = errorIn(await decide(id, { accepted: true, subject_digest: '0'.repeat(64) }), 'CONFLICT');
    assert.equal(stale.status, 409);
    assert.equal(stale.details?.['subject_digest'], pending?.subject_digest);
    executionIn(await decide(id, { accepted: true, subject_digest: pending?.subject_digest }));
    await untilStatus(server, id, 'completed');
  });
});

describe('POST /api/v1/executions/{execution_id}/clarification', () => {
  it('takes answers of their kinds, or as texts, and fills in defaults', async () => {
    const { execution_id: id } = await startReview(server);
    executionIn(await clarify(id, { answers: { LENGTH: '7', PUBLIC: 'yes', TONE: 'formal' } }));
    await untilStatus(server, id, 'waiting_acceptance');
    await decide(id, { accepted: true });
    const { output } = await untilStatus(server, id, 'completed');
    assert.deepEqual(output, { answers: { TONE: 'formal', LENGTH: 7, PUBLIC: true }, comment: null });
  });

  it('names every answer that is missing or wrong', async () => {
    const { execution_id: id } = await startReview(server);
    const missing = errorIn(await clarify(id, { answers: {} }), 'INVALID_ANSWER');
    assert.equal(missing.status, 400);
    assert.deepEqual(pointersIn(missing), ['/answers/LENGTH']);
    const wrong = { LENGTH: '10', TONE: 'rude', PUBLIC: 'perhaps', MORE: 1 };
    assert.deepEqual(pointersIn(errorIn(await clarify(id, { answers: wrong }), 'INVALID_ANSWER')), [
      '/answers/LENGTH',
      '/answers/MORE',
      '/answers/PUBLIC',
      '/answers/TONE',
    ]);
    assert.deepEqual(pointersIn(errorIn(await clarify(id, {}), 'VALIDATION_ERROR')), ['/body/answers']);
    const still = executionIn(await server.get(`/api/v1/executions/${id}`));
    assert.equal(still.status, 'waiting_clarification');
  });

  it('is refused when the execution waits for something else', async () => {
    const { execution_id: id, pending_acceptance: pending } = await startDecision(server);
    const error = errorIn(await clarify(id, { answers: { LENGTH: 1 } }, { 'x-user-id': 'late' }), 'INVALID_STATE');
    const { last } = z.object({ last: z.object({ answered_by: z.string(), answered_at: z.string() }) }).parse(error.details);
    assert.equal(last.answered_by, 'developer');
    assert.ok(isRecent(last.answered_at));
    errorIn(await clarify(id, { answers: { LENGTH: 1 }, task_id: pending?.task_id }), 'INVALID_STATE');
    errorIn(await clarify('nobody', { answers: {} }), 'EXECUTION_NOT_FOUND');
  });

  it('tells the second who was first and when, by task and by step', async () => {
    const { execution_id: id, pending_clarification: pending } = await startReview(server);
    executionIn(await clarify(id, { answers: { LENGTH: 1 }, task_id: pending?.task_id }, { 'x-user-id': 'ann' }));
    await untilStatus(server, id, 'waiting_acceptance');
    for (const target of [{ task_id: pending?.task_id }, { step_id: 'ask' }]) {
      const error = errorIn(await clarify(id, { answers: { LENGTH: 2 }, ...target }, { 'x-user-id': 'bob' }), 'CONFLICT');
      assert.equal(error.status, 409);
      assert.equal(error.details?.['answered_by'], 'ann');
      assert.ok(isRecent(z.string().parse(error.details?.['answered_at'])));
      assert.match(error.message, /"ann" answered at \d{4}-/);
    }
  });

  it('takes exactly one of many answers that come at once', async () => {
    for (const target of ['task_id', 'step_id', 'none']) {
      const { execution_id: id, pending_clarification: pending } = await startReview(server);
      const named = target === 'task_id' ? { task_id: pending?.task_id } : target === 'step_id' ? { step_id: 'ask' } : {};
      const people = ['ann', 'bob', 'cyd', 'dee', 'eve', 'fay'];
      const answers = await Promise.all(
        people.map((user, index) => clarify(id, { answers: { LENGTH: index + 1 }, ...named }, { 'x-user-id': user })),
      );
      assert.deepEqual(answers.map(({ status }) => String(status)).sort(), ['200', '409', '409', '409', '409', '409'], target);
      const winner = answers.findIndex(({ status }) => status === 200);
      const task = await taskOf(server, pending?.task_id ?? '');
      assert.equal(task.answered_by, people[winner]);
      assert.equal((task.answer as { answers: { LENGTH: number } }).answers.LENGTH, winner + 1);
    }
  });
});

describe('an answer with an Idempotency-Key', () => {
  it('can be sent again: 200, and no second effect', async () => {
    const { execution_id: id, pending_clarification: pending } = await startReview(server);
    const key = { 'idempotency-key': 'answer-1' };
    executionIn(await clarify(id, { answers: { LENGTH: 4 } }, key));
    await untilStatus(server, id, 'waiting_acceptance');
    executionIn(await clarify(id, { answers: { LENGTH: 4 } }, key));
    executionIn(await clarify(id, { answers: { LENGTH: '4', TONE: 'plain' } }, key));
    executionIn(await clarify(id, { answers: { LENGTH: 4 }, task_id: pending?.task_id }, key));
    executionIn(await clarify(id, { answers: { LENGTH: 4 }, step_id: 'ask' }, key));
    await decide(id, { accepted: true }, { 'idempotency-key': 'answer-2' });
    await untilStatus(server, id, 'completed');
    assert.equal(executionIn(await decide(id, { accepted: true }, { 'idempotency-key': 'answer-2' })).status, 'completed');
    const answered = server.engine.read.events(id, 0, 100).filter(({ type }) => type === 'clarification_answered');
    assert.equal(answered.length, 1);
  });

  it('is refused for another answer or another question', async () => {
    const { execution_id: id } = await startReview(server);
    const key = { 'idempotency-key': 'answer-3' };
    executionIn(await clarify(id, { answers: { LENGTH: 4 } }, key));
    await untilStatus(server, id, 'waiting_acceptance');
    assert.equal(errorIn(await clarify(id, { answers: { LENGTH: 5 } }, key), 'IDEMPOTENCY_CONFLICT').status, 422);
    errorIn(await decide(id, { accepted: true }, key), 'IDEMPOTENCY_CONFLICT');
    const execution = executionIn(await server.get(`/api/v1/executions/${id}`));
    assert.equal(execution.status, 'waiting_acceptance');
  });
});

describe('an answer that comes before its question', () => {
  it('is kept for the step it names and given when the question is asked', async () => {
    await using own = await openServer();
    const { execution_id: id } = await start(own, 'early');
    await until(own, id, ({ current_step_id: step }) => step === 'work');
    const path = `/api/v1/executions/${id}/acceptance`;
    const body = { accepted: true, step_id: 'decide' };
    const key = { 'idempotency-key': 'early', 'x-user-id': 'ann' };
    executionIn(await own.post(path, body, key), 202);
    executionIn(await own.post(path, body, key), 202);
    errorIn(await own.post(path, { ...body, accepted: false }, key), 'IDEMPOTENCY_CONFLICT');
    const second = errorIn(await own.post(path, { ...body, accepted: false }, { 'x-user-id': 'bob' }), 'CONFLICT');
    assert.equal(second.details?.['answered_by'], 'ann');
    own.release();
    const { output } = await untilStatus(own, id, 'completed');
    const decision = z.looseObject({ accepted: z.boolean(), answered_by: z.string() }).parse(output);
    assert.deepEqual([decision.accepted, decision.answered_by], [true, 'ann']);
    executionIn(await own.post(path, body, key), 200);
  });
});

describe('/api/v1/tasks', () => {
  const listSchema = z.object({ tasks: z.array(humanTaskSchema) });

  it('lists the open questions of all executions, or of one', async () => {
    await using own = await openServer();
    const first = await startReview(own);
    const second = await startDecision(own);
    const idsOf = async (query: string): Promise<string[]> =>
      listSchema.parse((await own.get(`/api/v1/tasks${query}`)).body).tasks.map(({ task_id }) => task_id);
    assert.deepEqual(
      (await idsOf('')).sort(),
      [first.pending_clarification?.task_id ?? '', second.pending_acceptance?.task_id ?? ''].sort(),
    );
    assert.deepEqual(await idsOf(`?execution_id=${second.execution_id}`), [second.pending_acceptance?.task_id]);
    assert.equal((await idsOf('?state=answered')).length, 1);
    assert.equal((await idsOf('?limit=1')).length, 1);
    errorIn(await own.get('/api/v1/tasks?state=lost'), 'VALIDATION_ERROR');
  });

  it('shows one with everything a person needs', async () => {
    const { execution_id: id, pending_acceptance: pending } = await startDecision(server);
    const task = await taskOf(server, pending?.task_id ?? '');
    assert.ok(isRecent(task.created_at));
    assert.deepEqual(
      { ...task, created_at: '' },
      {
        task_id: pending?.task_id,
        execution_id: id,
        workflow_id: 'review',
        step_id: 'decide',
        kind: 'acceptance',
        title: 'Publish?',
        message: null,
        state: 'open',
        for: null,
        questions: [],
        doc_type: 'draft',
        scope_id: 's-1',
        subject: { text: 'Hello' },
        subject_digest: pending?.subject_digest,
        created_at: '',
        expires_at: null,
        answered_at: null,
        answered_by: null,
        answer: null,
      },
    );
    errorIn(await server.get('/api/v1/tasks/task_none'), 'TASK_NOT_FOUND');
  });

  it('takes the answer to one', async () => {
    const { execution_id: id, pending_clarification: pending } = await startReview(server);
    const path = `/api/v1/tasks/${pending?.task_id ?? ''}/answer`;
    errorIn(await server.post(path, { accepted: true }), 'INVALID_STATE');
    errorIn(await server.post(path, { reply: 1 }), 'VALIDATION_ERROR');
    const { status, body } = await server.post(path, { answers: { LENGTH: 2 } }, { 'x-user-id': 'ann' });
    assert.equal(status, 200);
    const answered = humanTaskSchema.parse(body);
    assert.equal(answered.state, 'answered');
    assert.equal(answered.answered_by, 'ann');
    errorIn(await server.post(path, { answers: { LENGTH: 2 } }), 'CONFLICT');
    errorIn(await server.post('/api/v1/tasks/task_none/answer', { accepted: true }), 'TASK_NOT_FOUND');
    await untilStatus(server, id, 'waiting_acceptance');
  });
});
