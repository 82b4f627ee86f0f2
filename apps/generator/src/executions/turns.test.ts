import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type TurnLimits, type TurnRequest, Turns } from './turns.ts';

const turnsOf = (limits: Partial<TurnLimits>): Turns =>
  new Turns({ running: 1, queued: 100, queuedOfCaller: 100, queuedWeight: 1000, ...limits });
const from = (caller: string, more: Partial<TurnRequest> = {}): TurnRequest => ({
  caller,
  weight: 1,
  signal: new AbortController().signal,
  ...more,
});

/** Holds the one turn; `release` gives it on. */
async function hold(turns: Turns): Promise<{ release: () => Promise<void> }> {
  const gate = Promise.withResolvers<void>();
  const held = turns.take(from('holder'), async () => gate.promise);
  return {
    release: async () => {
      gate.resolve();
      await held;
    },
  };
}

describe('Turns', () => {
  it('lets as many work as it may, and the others of one caller in the order in which they came', async () => {
    const turns = turnsOf({ running: 2 });
    const gates = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
    const begun: number[] = [];
    const all = gates.map(async (gate, place) =>
      turns.take(from('one'), async () => {
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

  it('takes callers in turn, however much one of them has waiting', async () => {
    const turns = turnsOf({});
    const { release } = await hold(turns);
    const order: string[] = [];
    const note = (name: string) => async () => void order.push(name);
    const plans = ['a1', 'a2', 'a3', 'a4', 'b1', 'c1', 'b2'].map(async (name) => turns.take(from(name.charAt(0)), note(name)));
    await release();
    await Promise.all(plans);
    assert.deepEqual(order, ['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
  });

  it('gives the turn on when the work fails, and forgets who went away while waiting', async () => {
    const turns = turnsOf({});
    const gate = Promise.withResolvers<void>();
    const first = turns.take(from('one'), async () => {
      await gate.promise;
      throw new Error('broken');
    });
    const caller = new AbortController();
    const second = turns.take(from('two', { signal: caller.signal, weight: 900 }), async () => 'never');
    const third = turns.take(from('two'), async () => 'third');
    caller.abort(new Error('gone'));
    await assert.rejects(second, /gone/u);
    const fourth = turns.take(from('three', { weight: 900 }), async () => 'fourth');
    gate.resolve();
    await assert.rejects(first, /broken/u);
    assert.deepEqual([await third, await fourth], ['third', 'fourth']);
    assert.deepEqual([turns.running, turns.queued], [0, 0]);
  });

  it('refuses when too many wait, too many of one caller, or too much', async () => {
    const turns = turnsOf({ queued: 3, queuedOfCaller: 2, queuedWeight: 10 });
    const { release } = await hold(turns);
    const nothing = async (): Promise<void> => undefined;
    const waiting = [turns.take(from('a'), nothing), turns.take(from('a'), nothing)];
    await assert.rejects(turns.take(from('a'), nothing), { code: 'RATE_LIMITED' });
    await assert.rejects(turns.take(from('b', { weight: 9 }), nothing), { code: 'OVERLOADED' });
    waiting.push(turns.take(from('b'), nothing));
    await assert.rejects(turns.take(from('c'), nothing), { code: 'OVERLOADED' });
    await release();
    await Promise.all(waiting);
  });
});
