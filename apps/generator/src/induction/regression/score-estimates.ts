import type { EstimateScore } from './regression-report.ts';

/** The mean of some numbers. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value / values.length, 0);
}

/** The median of some numbers. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** Mean absolute error of estimates, or of one number for all. */
export function maeOf(truth: readonly number[], estimates: readonly number[] | number): number {
  return meanOf(truth.map((value, at) => Math.abs(value - (typeof estimates === 'number' ? estimates : (estimates[at] ?? 0)))));
}

/** Half the width that an interval around an estimate needs so that the given share of the truth lies in it. */
export function halfWidthOf(truth: readonly number[], estimates: readonly number[], share: number): number {
  const errors = truth.map((value, at) => Math.abs(value - (estimates[at] ?? 0))).sort((a, b) => a - b);
  return errors[Math.min(errors.length - 1, Math.ceil((errors.length + 1) * share) - 1)] ?? 0;
}

/** Scores estimates. */
export function scoreEstimates(truth: readonly number[], estimates: readonly number[]): EstimateScore {
  const errors = truth.map((value, at) => value - (estimates[at] ?? 0));
  const sizes = errors.map(Math.abs);
  const mae = meanOf(sizes);
  const n = truth.length;
  const deviation = Math.sqrt(sizes.reduce((sum, size) => sum + (size - mae) ** 2, 0) / Math.max(1, n - 1));
  const reach = (1.96 * deviation) / Math.sqrt(Math.max(1, n));
  const squares = errors.reduce((sum, error) => sum + error * error, 0);
  const mean = meanOf(truth);
  const variance = truth.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    mae,
    low: Math.max(0, mae - reach),
    high: mae + reach,
    rmse: Math.sqrt(squares / Math.max(1, n)),
    r2: variance === 0 ? null : 1 - squares / variance,
    n,
  };
}
