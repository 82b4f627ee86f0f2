/** 97.5th percentile of the standard normal distribution: the z of a two-sided 95 % interval. */
const Z = 1.959963984540054;

/** A share with its 95 % interval. */
export interface ShareInterval {
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The Wilson score interval of a share at 95 % (E. B. Wilson, 1927): unlike the normal approximation it stays within [0, 1] and is
 * usable for few trials and for shares near 0 and 1. Without trials nothing is known: 0 to 1.
 */
export function wilsonInterval(successes: number, trials: number): ShareInterval {
  if (trials === 0) return { share: 0, low: 0, high: 1 };
  const share = successes / trials;
  const z2 = Z * Z;
  const centre = share + z2 / (2 * trials);
  const spread = Z * Math.sqrt((share * (1 - share)) / trials + z2 / (4 * trials * trials));
  const scale = 1 + z2 / trials;
  // Rounding must not put the share itself outside.
  return {
    share,
    low: Math.max(0, Math.min(share, (centre - spread) / scale)),
    high: Math.min(1, Math.max(share, (centre + spread) / scale)),
  };
}
