import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Turns } from './turns.ts';

describe('Turns', () => {
  it('lets as many work as it may, and the others in the order in which they came', async () => {
    const turns = new Turns(2, 10);
    const gates = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
    const begun: number[] = [];
    const signal = new AbortController().signal;
    const all = gates.map(async (gate, place) =>
      turns.take(signal, async () => {
        begun.push(place);
        await gate.promise;
      }),
    );
    assert.deepEqual([begun, turns.running, turns.queued], [[0, 1], 2, 2]);
    gates[1]?.resolve();
    await all[1];
    assert.deepEqual([begun, turns.running, turns.queued], [[0, 1, 2], 2, 1]);
    for (const gate of gates) gate.resolve();
    await Promise.all(all);
    assert.deepEqual([begun, turns.running, turns.queued], [[0, 1, 2, 3], 0, 0]);
  });

  it('gives the turn on when the work fails, and forgets who went away while waiting', async () => {
    const turns = new Turns(1, 10);
    const gate = Promise.withResolvers<void>();
    const signal = new AbortController().signal;
    const first = turns.take(signal, async () => {
      await gate.promise;
      throw new Error('broken');
    });
    const caller = new AbortController();
    const second = turns.take(caller.signal, async () => 'never');
    const third = turns.take(signal, async () => 'third');
    caller.abort(new Error('gone'));
    await assert.rejects(second, /gone/u);
    gate.resolve();
    await assert.rejects(first, /broken/u);
    assert.equal(await third, 'third');
    assert.deepEqual([turns.running, turns.queued], [0, 0]);
  });

  it('refuses when its queue is full', async () => {
    const turns = new Turns(1, 0);
    const gate = Promise.withResolvers<void>();
    const signal = new AbortController().signal;
    const first = turns.take(signal, async () => gate.promise);
    await assert.rejects(
      turns.take(signal, async () => undefined),
      { code: 'OVERLOADED' },
    );
    gate.resolve();
    await first;
  });
});
