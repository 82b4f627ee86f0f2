import assert from 'node:assert/strict';
import { it } from 'node:test';
import { PlatformError } from '@loopwright/protocol';
import type { ConformanceHarness } from './harness.ts';
import { NO, SuiteBench, TARGET, YES, by } from './suite-bench.ts';

/** Answers: early, twice, late, wrong, and of two people at once. */
export function answerCases(harness: ConformanceHarness): void {
  it('keeps an answer that comes before its question, once, also over a restart', async () => {
    await using bench = await SuiteBench.open(harness);
    const id = await bench.start('asks', { slow: true });
    const review = { executionId: id, step: 'review' };
    assert.equal((await bench.engine.answer(review, YES, by('ann', 'early'))).state, 'buffered');
    assert.equal((await bench.engine.answer(review, YES, by('ann', 'early'))).state, 'buffered');
    await assert.rejects(bench.engine.answer(review, NO, by('bob')), { code: 'CONFLICT' });
    await assert.rejects(bench.engine.answer({ executionId: id, step: 'nowhere' }, YES, by('ann')), { code: 'STEP_NOT_FOUND' });
    await bench.reopen();
    await bench.untilStatus(id, 'waiting_clarification');
    await bench.engine.answer({ executionId: id }, TARGET, by('bob'));
    const { output } = await bench.untilStatus(id, 'completed');
    assert.deepEqual(output, { by: 'ann', accepted: true });
    assert.equal(bench.log.begun('before'), 1);
  });

  it('refuses a wrong answer and leaves the question open', async () => {
    await using bench = await SuiteBench.open(harness);
    const id = await bench.start('asks');
    await bench.untilStatus(id, 'waiting_clarification');
    const wrong = { kind: 'clarification', answers: { TARGET: 7 } } as const;
    await assert.rejects(bench.engine.answer({ executionId: id }, wrong, by('ann')), { code: 'INVALID_ANSWER' });
    await assert.rejects(bench.engine.answer({ executionId: id }, YES, by('ann')), { code: 'INVALID_STATE' });
    assert.equal(bench.execution(id)?.status, 'waiting_clarification');
    await bench.engine.answer({ executionId: id }, TARGET, by('ann'));
    await bench.untilStatus(id, 'waiting_acceptance');
  });

  it('takes one of two answers at once, and tells the other who was first, and when', async () => {
    await using bench = await SuiteBench.open(harness);
    const id = await bench.start('asks');
    await bench.untilStatus(id, 'waiting_clarification');
    await bench.engine.answer({ executionId: id }, TARGET, by('ann'));
    await bench.untilStatus(id, 'waiting_acceptance');
    const taskId = bench.engine.read.humanTasks({ executionId: id, state: 'open', limit: 1 })[0]?.id ?? '';
    const answers = [bench.engine.answer({ taskId }, YES, by('bob', 'b1')), bench.engine.answer({ taskId }, NO, by('cyd', 'c1'))];
    const [first, second] = await Promise.allSettled(answers);
    const [winner, refused] = first?.status === 'fulfilled' ? ['bob', second] : ['cyd', first];
    assert.ok(refused?.status === 'rejected' && refused.reason instanceof PlatformError);
    assert.equal(refused.reason.code, 'CONFLICT');
    assert.equal(refused.reason.details?.['answered_by'], winner);
    assert.match(JSON.stringify(refused.reason.details?.['answered_at']), /^"\d{4}-.*Z"$/);
    const { output } = await bench.untilStatus(id, 'completed');
    assert.deepEqual(output, { by: winner, accepted: winner === 'bob' });
    // Sent again it is the same answer; under its name there is no other.
    const [answer, other, name] = winner === 'bob' ? [YES, NO, 'b1'] : [NO, YES, 'c1'];
    assert.equal((await bench.engine.answer({ taskId }, answer, by(winner, name))).state, 'answered');
    await assert.rejects(bench.engine.answer({ taskId }, other, by(winner, name)), { code: 'IDEMPOTENCY_CONFLICT' });
    assert.equal(bench.log.begun('after'), 1);
  });

  it('lets a question expire over a restart, and refuses an answer that is late', async () => {
    await using bench = await SuiteBench.open(harness);
    const id = await bench.start('expires');
    await bench.untilEvent(id, 'waiting_acceptance');
    await bench.reopen();
    const { output } = await bench.untilStatus(id, 'completed');
    assert.deepEqual(output, { late: true });
    const task = bench.engine.read.humanTasks({ executionId: id, limit: 1 })[0];
    assert.equal(task?.state, 'expired');
    await assert.rejects(bench.engine.answer({ taskId: task?.id ?? '' }, YES, by('ann')), { code: 'INVALID_STATE' });
  });

  it('keeps an answer that was given in time when the timer would be due', async () => {
    await using bench = await SuiteBench.open(harness);
    const id = await bench.start('keeps');
    await bench.untilStatus(id, 'waiting_acceptance');
    await bench.engine.answer({ executionId: id }, YES, by('ann'));
    const { output } = await bench.untilStatus(id, 'completed');
    assert.equal((output as { answered_by: string }).answered_by, 'ann');
    assert.equal(bench.engine.read.humanTasks({ executionId: id, limit: 1 })[0]?.state, 'answered');
    assert.ok(!bench.types(id).includes('human_task_expired'));
    await assert.rejects(bench.engine.answer({ executionId: id }, YES, by('bob')), { code: 'INVALID_STATE' });
  });
}
