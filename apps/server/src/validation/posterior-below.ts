/**
 * The probability that a share lies below `limit` (0 to 1) after `matched` of `total` trials, when nothing was known of it before: the posterior of a
 * uniform prior is a Beta distribution, whose distribution function with whole parameters is a binomial tail (Abramowitz, Stegun 26.5.24).
 */
export function posteriorBelow(limit: number, matched: number, total: number): number {
  const trials = total + 1;
  let log = trials * Math.log1p(-limit);
  const logOdds = Math.log(limit) - Math.log1p(-limit);
  let tail = 0;
  for (let count = 0; count <= trials; count += 1) {
    if (count > matched) tail += Math.exp(log);
    log += Math.log((trials - count) / (count + 1)) + logOdds;
  }
  return Math.min(1, tail);
}
