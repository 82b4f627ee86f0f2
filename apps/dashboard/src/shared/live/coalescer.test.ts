import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Coalescer } from './coalescer.ts';

it('runs at once, and once more for all that came meanwhile', async () => {
  const ends: (() => void)[] = [];
  const coalescer = new Coalescer(() => new Promise<void>((resolve) => void ends.push(resolve)));
  coalescer.request();
  assert.equal(ends.length, 1);
  for (let at = 0; at < 100; at++) coalescer.request();
  assert.equal(ends.length, 1);
  ends[0]?.();
  await new Promise((resolve) => void setImmediate(resolve));
  assert.equal(ends.length, 2);
  ends[1]?.();
  await new Promise((resolve) => void setImmediate(resolve));
  assert.equal(ends.length, 2);
});

it('goes on after a run that failed', async () => {
  let runs = 0;
  const coalescer = new Coalescer(async () => {
    runs += 1;
    throw new Error('away');
  });
  coalescer.request();
  await new Promise((resolve) => void setImmediate(resolve));
  coalescer.request();
  assert.equal(runs, 2);
});
