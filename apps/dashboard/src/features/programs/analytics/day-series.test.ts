import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { daysBetween, niceTop, stretchesOf } from './day-series.ts';

describe('figures by day', () => {
  it('has every day between two, over the end of a month', () => {
    assert.deepEqual(daysBetween('2026-02-27', '2026-03-02'), ['2026-02-27', '2026-02-28', '2026-03-01', '2026-03-02']);
    assert.deepEqual(daysBetween('2026-03-01', '2026-03-01'), ['2026-03-01']);
  });

  it('ends its axis at a round number that is enough', () => {
    assert.deepEqual([0, 0.3, 1, 1.2, 7, 10, 43, 5001].map(niceTop), [1, 0.5, 1, 2, 10, 10, 50, 10_000]);
  });

  it('interrupts a line where there is no value', () => {
    assert.deepEqual(stretchesOf([null, 1, 2, null, 3]), [
      [
        { at: 1, value: 1 },
        { at: 2, value: 2 },
      ],
      [{ at: 4, value: 3 }],
    ]);
  });
});
