import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RecordedUsage } from '../state/recorded-usage.ts';
import type { PastRuns } from './past-runs.ts';
import { projectCost, projectTime } from './projections.ts';

type Row = Parameters<typeof projectCost>[0][number];

const used = (cost_usd: number | null): RecordedUsage => {
  return { agent: 'a', provider: 'p', model: 'm', calls: 1, token_usage: null, total_tokens: null, cost_usd, estimate: null };
};
const past = (phase: string, seconds: number, cost: number | null = null): Row => {
  return { phase, status: 'completed', started_at: 0, completed_at: seconds * 1000, usage: JSON.stringify([used(cost)]) };
};
const ran = (...runs: Row[][]): PastRuns => ({ from: 'project', runs });
const pending = (phase: string): Row => ({ phase, status: 'pending', started_at: null, completed_at: null, usage: '[]' });
const skipped = (phase: string): Row => ({ ...pending(phase), status: 'skipped' });

describe('projections', () => {
  it('are the median and where nine in ten lay, of the phases that are still to come', () => {
    const history = ran(
      ...Array.from({ length: 21 }, (_, index) => [past('planning', 1000), past('qa', index), past('end', 10)]),
    );
    const { median, low, high, runs, reason } = projectTime([pending('qa'), pending('end')], history, 0);
    assert.deepEqual([median, low, high, runs, reason], [20, 11, 29, 21, null]);
  });

  it('take off what the phase under way has taken, and no more than all of it', () => {
    const underWay: Row = { ...pending('qa'), status: 'in_progress', started_at: 5000 };
    const history = ran([past('qa', 2)], [past('qa', 10)], [past('qa', 20)]);
    const { median, low } = projectTime([underWay], history, 12_000);
    assert.deepEqual([median, low], [3, 0.3]);
  });

  it('count a phase that was left out as nothing, and leave a run aside that never had it', () => {
    const history = ran([skipped('qa'), past('end', 4)], [past('end', 100)]);
    assert.deepEqual(projectTime([pending('qa'), pending('end')], history, 0), {
      median: 4,
      low: 4,
      high: 4,
      runs: 1,
      from: 'project',
      reason: null,
    });
  });

  it('add costs up, and are null with a reason where nobody knows', () => {
    const history = ran([past('qa', 1, 0.1), past('end', 1, 0.2)]);
    assert.equal(projectCost([pending('qa'), pending('end')], history).median, 0.3);
    assert.match(projectCost([pending('qa')], ran([past('qa', 1, null)])).reason ?? '', /known costs/);
    assert.equal(projectCost([pending('qa')], ran()).reason, 'no run of the profile has been completed that you may see');
    assert.equal(projectCost([], history).reason, 'no phase is still to come');
  });
});
