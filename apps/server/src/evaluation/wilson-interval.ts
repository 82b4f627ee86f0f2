/** 97.5th percentile of the standard normal distribution: the z of a two-sided 95 % interval. */
const Z = 1.959963984540054;

/**
 * The Wilson score interval of a proportion at 95 % (E. B. Wilson, 1927): unlike the normal approximation it stays within [0, 1]
 * and is usable for few trials and for proportions near 0 and 1. `trials` must be positive.
 */
export function wilsonInterval(successes: number, trials: number): { low: number; high: number } {
  if (trials <= 0) throw new RangeError(`Cannot compute an interval: trials must be positive, not ${trials}`);
  const share = successes / trials;
  const z2 = Z * Z;
  const centre = share + z2 / (2 * trials);
  const spread = Z * Math.sqrt((share * (1 - share)) / trials + z2 / (4 * trials * trials));
  const scale = 1 + z2 / trials;
  return { low: Math.max(0, (centre - spread) / scale), high: Math.min(1, (centre + spread) / scale) };
}
