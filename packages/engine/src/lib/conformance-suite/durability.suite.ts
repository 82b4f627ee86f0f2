import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startAndKill } from './child-process.ts';
import type { ConformanceHarness } from './harness.ts';
import { SUITE_DEFINITIONS } from './suite-definitions.ts';
import type { LogLine } from './suite-functions.ts';
import { SuiteBench, TARGET, YES, by } from './suite-bench.ts';

/** What survives the end of a process, orderly or not. */
export function durabilityCases(harness: ConformanceHarness): void {
  it('goes on with what waited when the process ended: a timer, a time-out, a person', async () => {
    await using bench = await SuiteBench.open(harness);
    const nap = await bench.start('naps', { id: 'napped' });
    const cut = await bench.start('cutoff', { id: 'cut' });
    const asks = await bench.start('asks');
    await bench.untilEvent(nap, 'timer_started');
    await bench.until('the step', () => bench.log.begun('cut') === 1);
    await bench.untilStatus(asks, 'waiting_clarification');
    await bench.reopen();
    await bench.untilStatus(nap, 'completed');
    assert.deepEqual((await bench.untilStatus(cut, 'completed')).output, { late: true });
    await bench.engine.answer({ executionId: asks }, TARGET, by('ann'));
    await bench.untilStatus(asks, 'waiting_acceptance');
    await bench.engine.answer({ executionId: asks }, YES, by('ann'));
    await bench.untilStatus(asks, 'completed');
    assert.deepEqual([bench.log.begun('napped'), bench.log.begun('before')], [1, 1]);
  });

  it('keeps the definition that an execution started with', async () => {
    await using bench = await SuiteBench.open(harness);
    const before = await bench.start('asks');
    await bench.untilStatus(before, 'waiting_clarification');
    const body = (SUITE_DEFINITIONS['asks'] ?? '').replace('accepted: .accepted', 'changed: true');
    await bench.reopen({ asks: body });
    const after = await bench.start('asks');
    await bench.untilStatus(after, 'waiting_clarification');
    for (const id of [before, after]) {
      await bench.engine.answer({ executionId: id }, TARGET, by('ann'));
      await bench.untilStatus(id, 'waiting_acceptance');
      await bench.engine.answer({ executionId: id }, YES, by('ann'));
    }
    assert.deepEqual((await bench.untilStatus(before, 'completed')).output, { by: 'ann', accepted: true });
    assert.deepEqual((await bench.untilStatus(after, 'completed')).output, { by: 'ann', changed: true });
    assert.notEqual(bench.execution(before)?.definitionDigest, bench.execution(after)?.definitionDigest);
  });

  it('lets what is under way end and be recorded when it is closed, and begins nothing', async () => {
    await using bench = await SuiteBench.open(harness);
    const id = await bench.start('six');
    await bench.until('the first step', () => bench.log.begun('s0') === 1);
    await bench.close(5000);
    const lines = bench.log.lines();
    assert.equal(lines.filter(({ what }) => what === 'begin').length, lines.filter(({ what }) => what === 'end').length);
    await bench.open();
    await bench.untilStatus(id, 'completed');
    for (const step of [0, 1, 2, 3, 4, 5]) assert.equal(bench.log.begun(`s${step}`), 1);
  });

  it('loses nothing when the process is killed: every start completes, and no recorded step is repeated', async () => {
    await using bench = await SuiteBench.make(harness);
    const ids = Array.from({ length: harness.size.killed }, () => crypto.randomUUID());
    const started = await startAndKill(bench.world, bench.log, { workflow: 'six', ids, kills: 2 * ids.length });
    assert.ok(started.length > 0, 'a start was acknowledged before the process was killed');
    await bench.open();
    // A start that was not acknowledged may have happened all the same.
    const all = new Set([...started, ...bench.log.lines().map(({ execution }) => execution)]);
    for (const id of all) await bench.untilStatus(id, 'completed');
    const lines = bench.log.lines();
    for (const id of all) checkSteps(lines.filter(({ execution }) => execution === id));
    const repeated = lines.filter(({ what }) => what === 'begin').length - 6 * all.size;
    assert.ok(repeated > 0, 'a step was under way when the process was killed');
  });
}

/** Steps run in their order; one is repeated only as long as the next has not begun, and under its own key. */
function checkSteps(lines: readonly LogLine[]): void {
  const begun = lines.filter(({ what }) => what === 'begin').map(({ id }) => Number(id.slice(1)));
  assert.deepEqual(
    begun,
    begun.toSorted((one, other) => one - other),
    `the steps began in the order ${begun.join(' ')}`,
  );
  assert.deepEqual([...new Set(begun)], [0, 1, 2, 3, 4, 5]);
  for (const { id, key, execution } of lines) assert.equal(key, `${execution}:${id}`);
}
