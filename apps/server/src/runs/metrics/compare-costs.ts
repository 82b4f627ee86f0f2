import type { CostComparison, Projection } from '@loopwright/protocol';
import { costsOf } from '../state/agent-usage.ts';
import type { RecordedUsage } from '../state/recorded-usage.ts';

const NOTHING: CostComparison = {
  basis: null,
  estimated_usd: null,
  low_usd: null,
  high_usd: null,
  actual_usd: null,
  error_usd: null,
  error_ratio: null,
  reason: null,
};

/** The estimates that were made before calls beside what the calls cost. */
export function compareCosts(used: readonly RecordedUsage[]): CostComparison {
  if (used.length === 0) return { ...NOTHING, reason: 'no step reported what it used' };
  const actual = costsOf(used);
  const unknown = used.find(({ cost_usd }) => cost_usd === null);
  const unpriced = unknown === undefined ? null : `what "${unknown.agent}" cost is not known`;
  const silent = used.find(({ estimate }) => estimate === null || estimate.usd === null);
  if (silent !== undefined) {
    const why = silent.estimate?.reason ?? 'nothing was estimated before its calls';
    return { ...NOTHING, actual_usd: actual, reason: unpriced ?? `"${silent.agent}": ${why}` };
  }
  const sum = (kind: 'usd' | 'low_usd' | 'high_usd'): number =>
    used.reduce((nanos, { estimate }) => nanos + nanosOf(estimate?.[kind] ?? 0), 0);
  const estimated = sum('usd');
  const error = actual === null ? null : nanosOf(actual) - estimated;
  return {
    basis: 'calls',
    estimated_usd: estimated / 1e9,
    low_usd: sum('low_usd') / 1e9,
    high_usd: sum('high_usd') / 1e9,
    actual_usd: actual,
    error_usd: error === null ? null : error / 1e9,
    error_ratio: error === null || estimated === 0 ? null : Math.round((error / estimated) * 1e6) / 1e6,
    reason: unpriced ?? (estimated === 0 ? 'an error has no share of an estimate of nothing' : null),
  };
}

/** What a phase that has not begun is expected to cost. */
export function expectedCosts({ median, low, high, reason }: Projection): CostComparison {
  const basis = median === null ? null : 'past_runs';
  const why = reason ?? 'the phase has not begun, so nothing was paid';
  return { ...NOTHING, basis, estimated_usd: median, low_usd: low, high_usd: high, reason: why };
}

function nanosOf(usd: number): number {
  return Math.round(usd * 1e9);
}
