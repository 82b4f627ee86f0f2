/** A number that was to be estimated, and the estimate. */
export interface Estimate {
  readonly expected: number;
  readonly given: number;
}

/** How far estimates are off, in the unit of the numbers, as the generator measures it too. */
export interface EstimateErrors {
  /** Those that were numbers. */
  readonly n: number;
  /** Within which an estimate counts as right. */
  readonly tolerance: number;
  /** Mean absolute error with its 95 % interval (normal approximation); `null` without an estimate. */
  readonly mae: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** Root of the mean squared error. */
  readonly rmse: number | null;
  /** Share of the variance that is explained; `null` when all numbers are equal. */
  readonly r2: number | null;
  /** Mean absolute error of always giving the mean of these numbers: what an estimate has to beat. */
  readonly mean_mae: number | null;
}

/** Works out the errors of estimates. */
export function errorsOf(estimates: readonly Estimate[], tolerance: number): EstimateErrors {
  const n = estimates.length;
  if (n === 0) return { n, tolerance, mae: null, low: null, high: null, rmse: null, r2: null, mean_mae: null };
  const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value / n, 0);
  const sizes = estimates.map(({ expected, given }) => Math.abs(given - expected));
  const mae = meanOf(sizes);
  const squares = meanOf(sizes.map((size) => size ** 2));
  const mean = meanOf(estimates.map(({ expected }) => expected));
  const variance = meanOf(estimates.map(({ expected }) => (expected - mean) ** 2));
  const deviation = Math.sqrt((meanOf(sizes.map((size) => (size - mae) ** 2)) * n) / Math.max(1, n - 1));
  const reach = (1.96 * deviation) / Math.sqrt(n);
  return {
    n,
    tolerance,
    mae,
    low: Math.max(0, mae - reach),
    high: mae + reach,
    rmse: Math.sqrt(squares),
    r2: variance === 0 ? null : 1 - squares / variance,
    mean_mae: meanOf(estimates.map(({ expected }) => Math.abs(expected - mean))),
  };
}
