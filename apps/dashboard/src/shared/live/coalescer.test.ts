import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Clock } from '@loopwright/protocol';
import { Coalescer } from './coalescer.ts';

/** Time that passes when the test says so. */
function stoppedClock(): { clock: Clock; waits: { ms: number; run: () => void }[]; pass: (ms: number) => void } {
  let now = 0;
  const waits: { ms: number; run: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    schedule: (ms, run) => {
      waits.push({ ms, run });
      return () => undefined;
    },
  };
  return { clock, waits, pass: (ms) => void (now += ms) };
}
const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

it('runs at once, and once more for all that came meanwhile', async () => {
  const ends: (() => void)[] = [];
  const coalescer = new Coalescer(() => new Promise<void>((resolve) => void ends.push(resolve)), stoppedClock().clock);
  coalescer.request();
  assert.equal(ends.length, 1);
  for (let at = 0; at < 100; at++) coalescer.request();
  assert.equal(ends.length, 1);
  ends[0]?.();
  await settle();
  assert.equal(ends.length, 2);
  ends[1]?.();
  await settle();
  assert.equal(ends.length, 2);
});

it('goes on after a run that failed', async () => {
  let runs = 0;
  const coalescer = new Coalescer(async () => {
    runs += 1;
    throw new Error('away');
  }, stoppedClock().clock);
  coalescer.request();
  await settle();
  coalescer.request();
  assert.equal(runs, 2);
});

it('asks at most once a second when something happens all the time, and at once again when it was quiet', async () => {
  const { clock, waits, pass } = stoppedClock();
  let runs = 0;
  const coalescer = new Coalescer(async () => void (runs += 1), clock);
  for (let at = 0; at < 30; at++) {
    coalescer.request();
    await settle();
  }
  assert.deepEqual([runs, waits.length, waits[0]?.ms], [20, 1, 1000]);
  pass(1000);
  waits[0]?.run();
  await settle();
  assert.equal(runs, 21);
  pass(60_000);
  coalescer.request();
  await settle();
  assert.deepEqual([runs, waits.length], [22, 1]);
});
