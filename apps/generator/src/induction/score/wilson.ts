/** A share with its confidence interval. */
export interface Interval {
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

/** The 95 % interval of a share by Wilson (1927), which stays right for small samples and shares near 1. */
export function wilson(successes: number, trials: number): Interval {
  if (trials === 0) return { share: 0, low: 0, high: 1 };
  const z = 1.959964;
  const share = successes / trials;
  const centre = share + (z * z) / (2 * trials);
  const margin = z * Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials * trials));
  const scale = 1 + (z * z) / trials;
  // Rounding must not put the share itself outside.
  return {
    share,
    low: Math.max(0, Math.min(share, (centre - margin) / scale)),
    high: Math.min(1, Math.max(share, (centre + margin) / scale)),
  };
}
