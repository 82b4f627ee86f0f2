import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConformanceHarness } from './harness.ts';
import { SuiteBench, YES, by } from './suite-bench.ts';

/** Cancel, pause, resume. */
export function controlCases(harness: ConformanceHarness): void {
  it('cancels for good, and aborts the step under way', async () => {
    await using bench = await SuiteBench.open(harness);
    const id = await bench.start('hangs', { id: 'hung' });
    await bench.until('the step', () => bench.log.begun('hung') === 1);
    const cancelled = await bench.engine.cancel(id, { who: 'ann', reason: 'enough' });
    assert.equal(cancelled.status, 'cancelled');
    await bench.until('the signal', () => bench.log.lines().some(({ what }) => what === 'abort'));
    await assert.rejects(bench.engine.cancel(id, { who: 'ann', reason: null }), { code: 'INVALID_STATE' });
    await assert.rejects(bench.engine.cancel(crypto.randomUUID(), { who: 'ann', reason: null }), { code: 'EXECUTION_NOT_FOUND' });
    await bench.reopen();
    assert.equal(bench.execution(id)?.status, 'cancelled');
    assert.equal(bench.types(id).at(-1), 'cancelled');
    assert.equal(bench.log.begun('never') + bench.log.begun('hung'), 1);
  });

  it('cancels what waits for a person, and closes the question', async () => {
    await using bench = await SuiteBench.open(harness);
    const id = await bench.start('asks');
    await bench.untilStatus(id, 'waiting_clarification');
    await bench.engine.cancel(id, { who: 'ann', reason: null });
    assert.equal(bench.engine.read.humanTasks({ executionId: id, limit: 1 })[0]?.state, 'cancelled');
    await assert.rejects(bench.engine.answer({ executionId: id }, YES, by('ann')), { code: 'INVALID_STATE' });
  });

  it('ends in one way when it is cancelled as it completes', async () => {
    await using bench = await SuiteBench.open(harness);
    const ids = await Promise.all([0, 5, 10, 20, 40].map((ms) => cancelAfter(bench, ms)));
    for (const { id, cancelled } of ids) {
      const { status } = await bench.untilStatus(id, cancelled ? 'cancelled' : 'completed');
      const ends = bench.types(id).filter((type) => type === 'completed' || type === 'cancelled');
      assert.deepEqual(ends, [status]);
    }
  });

  it('pauses: nothing new begins and timers stand still, over a restart too; resume lets it go on with what was left', async () => {
    await using bench = await SuiteBench.open(harness);
    const id = await bench.start('naps', { id: 'napped' });
    await bench.untilEvent(id, 'timer_started');
    const paused = await bench.engine.pause(id, 'ann');
    assert.equal(paused.status, 'paused');
    await assert.rejects(bench.engine.pause(id, 'ann'), { code: 'INVALID_STATE' });
    await bench.reopen();
    await delay(1100);
    assert.equal(bench.execution(id)?.status, 'paused');
    assert.equal(bench.log.begun('napped'), 0);
    await bench.engine.resume(id, 'ann');
    await bench.untilStatus(id, 'completed');
    assert.equal(bench.log.begun('napped'), 1);
    await assert.rejects(bench.engine.resume(id, 'ann'), { code: 'INVALID_STATE' });
  });

  it('records the step that was under way when it was paused, and begins no other', async () => {
    await using bench = await SuiteBench.open(harness);
    const id = await bench.start('six');
    await bench.until('the first step', () => bench.log.begun('s0') === 1);
    await bench.engine.pause(id, 'ann');
    const begun = bench.log.lines().filter(({ what }) => what === 'begin').length;
    await bench.until('its end', () => bench.types(id).filter((type) => type === 'step_completed').length === begun);
    await delay(60);
    assert.equal(bench.log.lines().filter(({ what }) => what === 'begin').length, begun);
    assert.equal(bench.execution(id)?.status, 'paused');
    await bench.engine.resume(id, 'ann');
    await bench.untilStatus(id, 'completed');
    for (const step of [0, 1, 2, 3, 4, 5]) assert.equal(bench.log.begun(`s${step}`), 1);
  });
}

async function cancelAfter(bench: SuiteBench, ms: number): Promise<{ id: string; cancelled: boolean }> {
  const id = await bench.start('short', { id: `cancelled-${ms}` });
  await delay(ms);
  try {
    await bench.engine.cancel(id, { who: 'ann', reason: null });
    return { id, cancelled: true };
  } catch (error) {
    assert.equal((error as { code?: unknown }).code, 'INVALID_STATE');
    return { id, cancelled: false };
  }
}
