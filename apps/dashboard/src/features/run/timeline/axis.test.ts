import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Lasting, axisOf, spanOn } from './axis.ts';

const at = (seconds: number): string => new Date(seconds * 1000).toISOString();
const lasting = (from: number | null, to: number | null): Lasting => ({
  started_at: from === null ? null : at(from),
  ended_at: to === null ? null : at(to),
});

it('lays everything on one axis, and lets what is under way reach to now', () => {
  const all = [lasting(0, 25), lasting(50, null), lasting(null, null)];
  const axis = axisOf(all, 100_000);
  assert.deepEqual(
    all.map((one) => spanOn(axis, one)),
    [{ left: 0, width: 25 }, { left: 50, width: 50 }, undefined],
  );
});

it('keeps what took no time in sight, and inside', () => {
  const all = [lasting(0, 100), lasting(100, 100)];
  assert.deepEqual(spanOn(axisOf(all, 100_000), all[1] as Lasting), { left: 99.2, width: 0.8 });
});
