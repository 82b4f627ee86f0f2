import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { CloudEvent } from '../event/listener.ts';
import type { ConformanceHarness } from './harness.ts';
import { SuiteBench, YES, by } from './suite-bench.ts';

const event = (id: string, type: string, order: string): CloudEvent => ({
  id,
  source: 'https://example.com/suite',
  type,
  data: { order },
});

/** What a definition says, as far as an engine has a part in it. */
export function languageCases(harness: ConformanceHarness): void {
  it('retries by a timer that survives the process, and gives the error to catch in the end', async () => {
    await using bench = await SuiteBench.open(harness);
    const good = await bench.start('retries', { id: 'good', times: 1 });
    await bench.untilEvent(good, 'retry_scheduled');
    await bench.reopen();
    assert.equal((await bench.untilStatus(good, 'completed')).output, 2);
    assert.equal(new Set(bench.log.lines().map(({ key }) => key)).size, 1, 'a retry has the key of the first try');
    const bad = await bench.start('retries', { id: 'bad', times: 9 });
    assert.deepEqual((await bench.untilStatus(bad, 'completed')).output, { failed: 'failed 3' });
    assert.equal(bench.log.begun('bad'), 3);
    assert.equal(bench.types(bad).filter((type) => type === 'retry_scheduled').length, 2);
  });

  it('runs for, fork and a competing fork, and gives the loser its signal', async () => {
    await using bench = await SuiteBench.open(harness);
    const id = await bench.start('loops', { items: ['a', 'b', 'c'] });
    const { output } = await bench.untilStatus(id, 'completed');
    assert.deepEqual(output, { won: 'r' });
    assert.deepEqual(
      ['ia', 'ib', 'ic', 'right'].map((step) => bench.log.begun(step)),
      [1, 1, 1, 1],
    );
    const slow = bench.log.lines().filter((line) => line.id === 'slow');
    if (slow.length > 0) {
      await bench.until('the signal', () => bench.log.lines().some((line) => line.id === 'slow' && line.what === 'abort'));
    }
  });

  it('listens to events from outside and from other executions, each taken once, over a restart too', async () => {
    await using bench = await SuiteBench.open(harness);
    const id = await bench.start('listens', { order: 'o1' });
    await bench.untilEvent(id, 'listening');
    assert.equal(await bench.engine.publish(event('1', 'paid', 'other')), 0);
    assert.equal(await bench.engine.publish(event('2', 'paid', 'o1')), 0);
    assert.equal(await bench.engine.publish(event('2', 'paid', 'o1')), 0);
    await bench.reopen();
    assert.equal(bench.execution(id)?.status, 'running');
    const emitting = await bench.start('emits', { order: 'o1' });
    const { output } = await bench.untilStatus(id, 'completed');
    assert.deepEqual(output, { got: [{ order: 'o1' }, { order: 'o1' }] });
    await bench.untilStatus(emitting, 'completed');
    assert.equal(bench.types(id).filter((type) => type === 'event_consumed').length, 2);
    assert.equal(await bench.engine.publish(event('3', 'paid', 'o1')), 0);
  });

  it('hears what is emitted in its own project only, and what comes from outside in the projects that it is shown to', async () => {
    await using bench = await SuiteBench.open(harness);
    const [ours, theirs] = [
      await bench.start('listens', { order: 'o1' }),
      await bench.startIn('other', 'listens', { order: 'o1' }),
    ];
    await bench.untilEvent(ours, 'listening');
    await bench.untilEvent(theirs, 'listening');
    await bench.startIn('other', 'emits', { order: 'theirs' });
    await bench.untilEvent(theirs, 'event_consumed');
    await bench.startIn('suite', 'emits', { order: 'ours' });
    await bench.untilEvent(ours, 'event_consumed');
    assert.equal(await bench.engine.publish(event('1', 'paid', 'o1'), { only: ['other'] }), 1);
    assert.equal(await bench.engine.publish(event('2', 'paid', 'o1'), { except: ['other'] }), 1);
    assert.deepEqual((await bench.untilStatus(theirs, 'completed')).output, { got: [{ order: 'theirs' }, { order: 'o1' }] });
    assert.deepEqual((await bench.untilStatus(ours, 'completed')).output, { got: [{ order: 'ours' }, { order: 'o1' }] });
  });

  it('goes on with each event of a stream, in order, over a restart too, until the last', async () => {
    await using bench = await SuiteBench.open(harness);
    const id = await bench.start('streams');
    await bench.untilEvent(id, 'listening');
    await bench.engine.publish(event('1', 'line', 'l1'));
    await bench.untilEvent(id, 'step_completed');
    await bench.reopen();
    await bench.engine.publish(event('2', 'line', 'l2'));
    await bench.engine.publish(event('3', 'line', 'l3'));
    await bench.engine.publish(event('4', 'end', ''));
    await bench.untilStatus(id, 'completed');
    const begun = bench.log.lines().flatMap((line) => (line.what === 'end' ? [line.id] : []));
    assert.deepEqual(begun, ['l1', 'l2', 'l3']);
  });

  it('carries a result of 1 MB over a restart', async () => {
    await using bench = await SuiteBench.open(harness);
    const id = await bench.start('large');
    await bench.untilStatus(id, 'waiting_acceptance');
    await bench.reopen();
    await bench.engine.answer({ executionId: id }, YES, by('ann'));
    await bench.untilStatus(id, 'completed');
    const text = bench.engine.read.entry(id, 'get')?.value;
    assert.equal(typeof text === 'string' ? text.length : 0, 1_048_576);
  });

  it('runs many steps in one execution', async () => {
    await using bench = await SuiteBench.open(harness);
    const count = harness.size.steps;
    const id = await bench.start('many', { count });
    const { output } = await bench.untilStatus(id, 'completed');
    assert.equal(output, count - 1);
    assert.equal(bench.log.begun('many'), count);
    assert.equal(bench.engine.read.events(id, 0, 10_000).at(-1)?.seq, 2 * count + 2);
  });
}
