import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ConformanceHarness } from './harness.ts';
import { SuiteBench, TARGET, YES, by } from './suite-bench.ts';

/** Executions that run others. */
export function relativeCases(harness: ConformanceHarness): void {
  it('runs a workflow inside a workflow, once, over a restart, and gives its output or its error', async () => {
    await using bench = await SuiteBench.open(harness);
    const id = await bench.start('parent');
    const child = await childOf(bench, id);
    await bench.untilStatus(child, 'waiting_clarification');
    await bench.reopen();
    await bench.engine.answer({ executionId: child }, TARGET, by('ann'));
    await bench.untilStatus(child, 'waiting_acceptance');
    await bench.engine.answer({ executionId: child }, YES, by('bob'));
    assert.deepEqual((await bench.untilStatus(id, 'completed')).output, { by: 'bob' });
    assert.deepEqual(bench.engine.read.children(id), [child]);
    assert.deepEqual([bench.log.begun('before'), bench.log.begun('beside')], [1, 1]);
    const guards = await bench.start('guards');
    assert.deepEqual((await bench.untilStatus(guards, 'completed')).output, { failed: 'No' });
  });

  it('pauses, resumes and cancels what an execution waits for with it', async () => {
    await using bench = await SuiteBench.open(harness);
    const id = await bench.start('parent');
    const child = await childOf(bench, id);
    await bench.untilStatus(child, 'waiting_clarification');
    await bench.engine.pause(id, 'ann');
    await bench.untilStatus(child, 'paused');
    await bench.engine.resume(id, 'ann');
    await bench.untilStatus(child, 'waiting_clarification');
    await bench.engine.cancel(id, { who: 'ann', reason: null });
    await bench.untilStatus(child, 'cancelled');
    assert.equal(bench.execution(id)?.status, 'cancelled');
  });

  it('gives up what it waits for when the time is over, and hears when that is cancelled', async () => {
    await using bench = await SuiteBench.open(harness);
    const hurries = await bench.start('hurries', { id: 'hung' });
    const hung = await childOf(bench, hurries);
    await bench.untilStatus(hurries, 'failed');
    await bench.untilStatus(hung, 'cancelled');
    await bench.until('the signal', () => bench.log.lines().some(({ what }) => what === 'abort'));
    const id = await bench.start('parent');
    const child = await childOf(bench, id);
    await bench.untilStatus(child, 'waiting_clarification');
    await bench.engine.cancel(child, { who: 'bob', reason: null });
    const { error } = await bench.untilStatus(id, 'failed');
    assert.equal((error as { title: string }).title, 'EXECUTION_CANCELLED');
    const lets = await bench.start('lets', { kept: 1 });
    assert.deepEqual((await bench.untilStatus(lets, 'completed')).output, { kept: 1 });
    await bench.untilStatus(await childOf(bench, lets), 'waiting_clarification');
  });
}

async function childOf(bench: SuiteBench, id: string): Promise<string> {
  await bench.until('the other execution', () => bench.engine.read.children(id).length > 0);
  return bench.engine.read.children(id)[0] ?? '';
}
