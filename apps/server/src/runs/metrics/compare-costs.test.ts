import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RecordedUsage } from '../state/recorded-usage.ts';
import { compareCosts, expectedCosts } from './compare-costs.ts';

const estimated = (usd: number): RecordedUsage['estimate'] => ({ usd, low_usd: usd / 2, high_usd: usd * 2, reason: null });
const used = (cost_usd: number | null, estimate: RecordedUsage['estimate']): RecordedUsage => ({
  agent: 'qa',
  provider: 'p',
  model: 'm',
  calls: 1,
  token_usage: null,
  total_tokens: null,
  cost_usd,
  estimate,
});

describe('compareCosts', () => {
  it('adds estimates and costs up and tells how far they are apart, without binary fractions', () => {
    assert.deepEqual(compareCosts([used(0.3, estimated(0.1)), used(0.1, estimated(0.2))]), {
      basis: 'calls',
      estimated_usd: 0.3,
      low_usd: 0.15,
      high_usd: 0.6,
      actual_usd: 0.4,
      error_usd: 0.1,
      error_ratio: 0.333333,
      reason: null,
    });
    assert.equal(compareCosts([used(0.1, estimated(0.4))]).error_ratio, -0.75);
  });

  it('is null where something was not measured, and says what', () => {
    const none = { usd: null, low_usd: null, high_usd: null, reason: '2 calls of this kind were measured, 3 are needed' };
    const few = compareCosts([used(0.1, estimated(0.1)), used(0.2, none)]);
    assert.deepEqual([few.basis, few.estimated_usd, few.actual_usd, few.error_usd], [null, null, 0.3, null]);
    assert.match(few.reason ?? '', /^"qa": 2 calls/);
    assert.match(compareCosts([used(0.1, null)]).reason ?? '', /nothing was estimated/);
    const unpriced = compareCosts([used(null, estimated(0.1))]);
    assert.deepEqual([unpriced.estimated_usd, unpriced.actual_usd, unpriced.error_usd], [0.1, null, null]);
    assert.match(unpriced.reason ?? '', /"qa" cost is not known/);
    assert.deepEqual([compareCosts([]).reason, compareCosts([]).actual_usd], ['no step reported what it used', null]);
    const free = compareCosts([used(0, estimated(0))]);
    assert.deepEqual([free.error_usd, free.error_ratio], [0, null]);
    assert.match(free.reason ?? '', /no share/);
  });
});

describe('expectedCosts', () => {
  it('is a projection with nothing paid', () => {
    const known = expectedCosts({ median: 2, low: 1, high: 3, runs: 5, from: 'project', reason: null });
    assert.deepEqual([known.basis, known.estimated_usd, known.actual_usd], ['past_runs', 2, null]);
    assert.match(known.reason ?? '', /has not begun/);
    const none = expectedCosts({ median: null, low: null, high: null, runs: 0, from: 'project', reason: 'no run' });
    assert.deepEqual([none.basis, none.estimated_usd, none.reason], [null, null, 'no run']);
  });
});
