/** The probability of a χ² at least this large by chance. */
export function chiSquarePValue(statistic: number, degrees: number): number {
  return degrees <= 0 || statistic <= 0 ? 1 : upperGamma(degrees / 2, statistic / 2);
}

/** The probability of a distance at least this large between the distributions of two samples of one source (Kolmogorov's limit, Stephens' correction). */
export function kolmogorovPValue(distance: number, one: number, other: number): number {
  const size = Math.sqrt((one * other) / (one + other));
  const lambda = (size + 0.12 + 0.11 / size) * distance;
  if (lambda < 0.2) return 1;
  let sum = 0;
  for (let k = 1; k <= 100; k += 1) {
    const term = 2 * (k % 2 === 1 ? 1 : -1) * Math.exp(-2 * k * k * lambda * lambda);
    sum += term;
    if (Math.abs(term) < 1e-12) break;
  }
  return Math.min(1, Math.max(0, sum));
}

/** p values corrected for their number, so that the chance of any false alarm among them stays what is asked for (Holm, 1979); in the given order. */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((value, index) => ({ value, index })).sort((one, other) => one.value - other.value);
  const corrected = pValues.map(() => 1);
  let largest = 0;
  for (const [rank, { value, index }] of order.entries()) {
    largest = Math.max(largest, Math.min(1, value * (pValues.length - rank)));
    corrected[index] = largest;
  }
  return corrected;
}

/**
 * The population stability index of two distributions over the same bins, less what it is on average between two samples of one source, (bins − 1)(1/n +
 * 1/m); never below 0.
 */
export function stabilityIndex(reference: readonly number[], current: readonly number[]): number {
  const [n, m] = [reference, current].map((counts) => counts.reduce((sum, count) => sum + count, 0)) as [number, number];
  if (n === 0 || m === 0) return 0;
  const bins = reference.length;
  // Half a count in each bin: an empty one must not give infinity.
  const share = (count: number, total: number): number => (count + 0.5) / (total + bins / 2);
  let sum = 0;
  for (let bin = 0; bin < bins; bin += 1) {
    const [before, now] = [share(reference[bin] ?? 0, n), share(current[bin] ?? 0, m)];
    sum += (now - before) * Math.log(now / before);
  }
  return Math.max(0, sum - (bins - 1) * (1 / n + 1 / m));
}

const ROUNDS = 500;
const PRECISION = 1e-14;

/** Regularised upper incomplete gamma function Q(a, x): its series below a + 1, else its continued fraction (Lentz). */
function upperGamma(a: number, x: number): number {
  const front = Math.exp(-x + a * Math.log(x) - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < ROUNDS && Math.abs(term) > Math.abs(sum) * PRECISION; n += 1) {
      term *= x / (a + n);
      sum += term;
    }
    return Math.min(1, Math.max(0, 1 - front * sum));
  }
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n < ROUNDS; n += 1) {
    const factor = -n * (n - a);
    b += 2;
    d = 1 / (factor * d + b || 1e-300);
    c = b + factor / c || 1e-300;
    fraction *= d * c;
    if (Math.abs(d * c - 1) < PRECISION) break;
  }
  return Math.min(1, Math.max(0, front * fraction));
}

/** ln Γ for arguments from 0.5 on, by Stirling's series after the argument was raised. */
function logGamma(value: number): number {
  let shift = 0;
  let z = value;
  for (; z < 12; z += 1) shift -= Math.log(z);
  const inverse = 1 / (z * z);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / z;
  return shift + (z - 0.5) * Math.log(z) - z + Math.log(2 * Math.PI) / 2 + series;
}
