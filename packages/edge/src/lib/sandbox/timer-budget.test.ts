import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TIMERS_MAX } from './limits.ts';
import { TimerBudget } from './timer-budget.ts';

describe('TimerBudget', () => {
  it('never lets more timers live than the limit, and gives them back when their time is over', () => {
    const budget = new TimerBudget(1000);
    const given: number[] = [];
    for (let now = 0; now < 5000; now += 0.01) if (budget.take(now)) given.push(now);
    let oldest = 0;
    given.forEach((at, index) => {
      while ((given[oldest] ?? 0) <= at - 1000) oldest += 1;
      assert.ok(index - oldest + 1 <= TIMERS_MAX);
    });
    assert.ok(given.length > TIMERS_MAX);
    assert.equal(budget.take(8000), true);
  });
});
