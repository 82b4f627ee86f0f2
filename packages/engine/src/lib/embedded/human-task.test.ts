import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PlatformError } from '@loopwright/protocol';
import type { SubmittedAnswer } from '../human-task/answer.ts';
import type { Engine } from './engine.ts';
import { countingFunctions, journalDir, openEngine, pointersOf, startOne, until, untilStatus } from './engine-fixture.ts';

const BODY = `
do:
  - before: { call: note, with: { id: before } }
  - nap: { if: '\${ .slow == true }', wait: { milliseconds: 50 } }
  - ask:
      call: clarify
      with:
        title: About the input
        questions:
          - { id: UNKNOWN, text: 'Which label?', answer_type: single_choice, choices: [a, b], default: a }
          - { id: TARGET, text: 'Which target?', answer_type: number, minimum: 0, maximum: 1 }
  - review: { call: accept, with: { title: Take it?, doc_type: version, subject: { digest: d1 }, expires_in_ms: '\${ $workflow.input.expires }' } }
  - after: { call: note, with: { id: after, value: '\${ { decision: . } }' } }`;

const INPUT = { expires: 60_000 };
const answers: SubmittedAnswer = { kind: 'clarification', answers: { TARGET: '0.9' } };
const yes: SubmittedAnswer = { kind: 'acceptance', accepted: true };
const by = (who: string, answerId: string = crypto.randomUUID()): { answerId: string; answeredBy: string } => ({
  answerId,
  answeredBy: who,
});

async function open(): Promise<{ engine: Engine; runs: Map<string, number> }> {
  const { functions, runs } = countingFunctions();
  return { engine: await openEngine(journalDir(), functions, { people: BODY }), runs };
}

describe('human tasks', () => {
  it('asks, checks the answer by its kind, and hands it on', async () => {
    const { engine, runs } = await open();
    const { execution } = await startOne(engine, 'people', INPUT);
    await untilStatus(engine, execution.id, 'waiting_clarification');
    await assert.rejects(
      engine.answer(
        { executionId: execution.id },
        { kind: 'clarification', answers: { TARGET: 7, UNKNOWN: 'z', MORE: 1 } },
        by('ann'),
      ),
      (error: unknown) => {
        assert.ok(error instanceof PlatformError && error.code === 'INVALID_ANSWER');
        assert.deepEqual(pointersOf(error), ['/answers/MORE', '/answers/TARGET', '/answers/UNKNOWN']);
        return true;
      },
    );
    const outcome = await engine.answer({ executionId: execution.id }, answers, by('ann'));
    assert.deepEqual((outcome.task?.answer as { answers: unknown } | undefined)?.answers, { UNKNOWN: 'a', TARGET: 0.9 });
    await untilStatus(engine, execution.id, 'waiting_acceptance');
    await engine.answer({ executionId: execution.id }, { ...yes, comment: 'good' }, by('bob'));
    const done = await untilStatus(engine, execution.id, 'completed');
    const { decision } = done.output as { decision: Record<string, unknown> };
    assert.equal(decision['accepted'], true);
    assert.equal(decision['comment'], 'good');
    assert.equal(decision['answered_by'], 'bob');
    assert.deepEqual([...runs.values()], [1, 1]);
    await engine.close(0);
  });

  it('takes the first of two answers and tells the other who was first', async () => {
    const { engine } = await open();
    const { execution } = await startOne(engine, 'people', INPUT);
    await untilStatus(engine, execution.id, 'waiting_clarification');
    const taskId = engine.read.humanTasks({ executionId: execution.id, limit: 1 })[0]?.id ?? '';
    const results = await Promise.allSettled(
      ['ann', 'bob', 'cyd'].map((who) => engine.answer({ taskId }, answers, by(who, who))),
    );
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    const winner = engine.read.humanTask(taskId)?.answeredBy;
    for (const result of results) {
      if (result.status === 'fulfilled') continue;
      assert.equal(result.reason.code, 'CONFLICT');
      assert.equal(result.reason.details.answered_by, winner);
      assert.match(result.reason.details.answered_at, /^\d{4}-/);
    }
    const again = await engine.answer({ taskId }, answers, by(winner ?? '', winner ?? ''));
    assert.equal(again.state, 'answered');
    assert.equal(again.delivered, undefined);
    await engine.close(0);
  });

  it('does not keep a late answer for the next time that the step asks', async () => {
    const { functions } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, {
      again: `
do:
  - ask: { call: accept, with: { title: Again?, doc_type: round, subject: null } }
  - way: { switch: [{ again: { when: .accepted, then: ask } }, { done: { then: end } }] }`,
    });
    const { execution } = await startOne(engine, 'again');
    const target = { executionId: execution.id, step: 'ask' };
    const openTask = (): string | undefined =>
      engine.read.humanTasks({ executionId: execution.id, state: 'open', limit: 1 })[0]?.id;
    await untilStatus(engine, execution.id, 'waiting_acceptance');
    const first = openTask();
    const results = await Promise.allSettled([
      engine.answer(target, yes, by('ann', 'a1')),
      engine.answer(target, { kind: 'acceptance', accepted: false }, by('bob')),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    );
    await until(engine, execution.id, () => openTask() !== undefined && openTask() !== first);
    assert.equal((await engine.answer(target, yes, by('ann', 'a1'))).delivered, undefined);
    await assert.rejects(engine.answer(target, { kind: 'acceptance', accepted: false }, by('ann', 'a1')), {
      code: 'IDEMPOTENCY_CONFLICT',
    });
    await engine.answer(target, { kind: 'acceptance', accepted: false }, by('cyd'));
    await untilStatus(engine, execution.id, 'completed');
  });

  it('keeps an early answer for the step it names, also over a restart', async () => {
    const { functions } = countingFunctions();
    const dir = journalDir();
    const engine = await openEngine(dir, functions, { people: BODY });
    const { execution } = await startOne(engine, 'people', { ...INPUT, slow: true });
    await assert.rejects(engine.answer({ executionId: execution.id, step: 'nowhere' }, yes, by('ann')), {
      code: 'STEP_NOT_FOUND',
    });
    const early = await engine.answer({ executionId: execution.id, step: 'review' }, yes, by('ann', 'early'));
    assert.equal(early.state, 'buffered');
    assert.equal((await engine.answer({ executionId: execution.id, step: 'review' }, yes, by('ann', 'early'))).state, 'buffered');
    await assert.rejects(engine.answer({ executionId: execution.id, step: 'review' }, yes, by('bob')), { code: 'CONFLICT' });
    await engine.close(0);
    await using again = await openEngine(dir, functions, { people: BODY });
    await untilStatus(again, execution.id, 'waiting_clarification');
    await again.answer({ executionId: execution.id }, answers, by('bob'));
    const done = await untilStatus(again, execution.id, 'completed');
    assert.equal((done.output as { decision: { answered_by: string } }).decision.answered_by, 'ann');
  });

  it('drops an early answer that does not fit and asks', async () => {
    const { engine } = await open();
    const { execution } = await startOne(engine, 'people', { ...INPUT, slow: true });
    await engine.answer(
      { executionId: execution.id, step: 'ask' },
      { kind: 'clarification', answers: { TARGET: 99 } },
      by('ann'),
    );
    await untilStatus(engine, execution.id, 'waiting_clarification');
    assert.ok(engine.read.events(execution.id, 0, 100).some(({ type }) => type === 'answer_discarded'));
    await engine.close(0);
  });

  it('refuses an answer to what is over, and one bound to something else than what is shown', async () => {
    const { engine } = await open();
    const { execution } = await startOne(engine, 'people', { expires: 40 });
    await untilStatus(engine, execution.id, 'waiting_clarification');
    await assert.rejects(engine.answer({ executionId: execution.id }, yes, by('ann')), { code: 'INVALID_STATE' });
    await assert.rejects(engine.answer({ executionId: execution.id }, { ...answers, subjectDigest: 'other' }, by('ann')), {
      code: 'CONFLICT',
    });
    await engine.answer({ executionId: execution.id }, answers, by('ann'));
    await untilStatus(engine, execution.id, 'failed');
    const review = engine.read.humanTasks({ executionId: execution.id, limit: 10 }).find(({ step }) => step === 'review');
    assert.equal(review?.state, 'expired');
    await assert.rejects(engine.answer({ taskId: review?.id ?? '' }, yes, by('ann')), { code: 'INVALID_STATE' });
    await assert.rejects(engine.answer({ executionId: execution.id }, yes, by('ann')), { code: 'INVALID_STATE' });
    await engine.close(0);
  });

  it('keeps an answer given while paused and uses it after resume', async () => {
    const { engine, runs } = await open();
    const { execution } = await startOne(engine, 'people', INPUT);
    await untilStatus(engine, execution.id, 'waiting_clarification');
    await engine.pause(execution.id, 'ann');
    await engine.answer({ executionId: execution.id }, answers, by('ann'));
    await new Promise((resolve) => void setTimeout(resolve, 20));
    assert.equal(engine.read.execution(execution.id)?.status, 'paused');
    await engine.resume(execution.id, 'ann');
    await untilStatus(engine, execution.id, 'waiting_acceptance');
    assert.equal(runs.get('before'), 1);
    await until(engine, execution.id, () => engine.read.events(execution.id, 0, 100).some(({ type }) => type === 'resumed'));
    await engine.close(0);
  });
});
