import { chiSquarePValue, kolmogorovPValue, stabilityIndex } from './significance.ts';
import { type Counts, totalOf, valueOfBin } from './sketches.ts';

/** What comparing one measured thing came to. */
export interface Comparison {
  readonly test: 'kolmogorov-smirnov' | 'chi-square';
  readonly statistic: number;
  readonly pValue: number;
  readonly psi: number;
}

/** Values of a window and of the reference that a test needs at the least. */
const FEWEST = 30;
/** A cell of a χ² test is expected to have at least so many; smaller ones go together. */
const EXPECTED = 5;
const DECILES = 10;

/** Compares what was counted in a window with the reference; `undefined` when there is too little. Numbers by Kolmogorov–Smirnov, all else by χ². */
export function compareCounts(reference: Counts, current: Counts): Comparison | undefined {
  const [n, m] = [totalOf(reference), totalOf(current)];
  if (n < FEWEST || m < FEWEST) return undefined;
  const isNumeric = [...reference.keys(), ...current.keys()].every((key) => typeof key === 'number');
  return isNumeric ? compareNumbers(reference, current, [n, m]) : compareCategories(reference, current, [n, m]);
}

function compareNumbers(reference: Counts, current: Counts, [n, m]: readonly [number, number]): Comparison {
  const bins = [...new Set([...reference.keys(), ...current.keys()])].map(Number).sort((one, other) => one - other);
  let [below, belowNow, distance] = [0, 0, 0];
  let halves: readonly [number[], number[]] = [[n], [m]];
  const grouped: [number[], number[]] = [[0], [0]];
  for (const bin of bins) {
    const [before, now] = [reference.get(bin) ?? 0, current.get(bin) ?? 0];
    // The next tenth of the reference begins with this bin.
    const group = Math.min(DECILES - 1, Math.floor((below / n) * DECILES));
    while (grouped[0].length <= group) for (const counts of grouped) counts.push(0);
    grouped[0][group] = (grouped[0][group] ?? 0) + before;
    grouped[1][group] = (grouped[1][group] ?? 0) + now;
    below += before;
    belowNow += now;
    const apart = Math.abs(below / n - belowNow / m);
    if (apart > distance)
      halves = [
        [below, n - below],
        [belowNow, m - belowNow],
      ];
    distance = Math.max(distance, apart);
  }
  return {
    test: 'kolmogorov-smirnov',
    statistic: distance,
    pValue: kolmogorovPValue(distance, n, m),
    // Also where they differ most: one large bin of the reference may hide in one tenth what lies on both sides of it.
    psi: Math.max(stabilityIndex(...withoutEmpty(grouped)), stabilityIndex(...halves)),
  };
}

/** Tenths that one large bin jumped over are none. */
function withoutEmpty([reference, current]: readonly [number[], number[]]): [number[], number[]] {
  const kept = reference.map((count, index) => index).filter((index) => (reference[index] ?? 0) > 0 || (current[index] ?? 0) > 0);
  return [kept.map((index) => reference[index] ?? 0), kept.map((index) => current[index] ?? 0)];
}

function compareCategories(reference: Counts, current: Counts, [n, m]: readonly [number, number]): Comparison {
  const cells: [number, number][] = [];
  let rest: [number, number] = [0, 0];
  for (const key of new Set([...reference.keys(), ...current.keys()])) {
    const cell: [number, number] = [reference.get(key) ?? 0, current.get(key) ?? 0];
    const expected = ((cell[0] + cell[1]) * Math.min(n, m)) / (n + m);
    if (expected >= EXPECTED) cells.push(cell);
    else rest = [rest[0] + cell[0], rest[1] + cell[1]];
  }
  if (rest[0] + rest[1] > 0) cells.push(rest);
  let statistic = 0;
  for (const [before, now] of cells) {
    const [expectedBefore, expectedNow] = [((before + now) * n) / (n + m), ((before + now) * m) / (n + m)];
    statistic += (before - expectedBefore) ** 2 / expectedBefore + (now - expectedNow) ** 2 / expectedNow;
  }
  // A rest that is too small for a cell of its own is too small to say anything.
  const isTooSmall = cells.length === 2 && (Math.min(n, m) * (rest[0] + rest[1])) / (n + m) < EXPECTED && rest[0] + rest[1] > 0;
  return {
    test: 'chi-square',
    statistic,
    pValue: isTooSmall ? 1 : chiSquarePValue(statistic, cells.length - 1),
    psi: stabilityIndex(
      cells.map(([before]) => before),
      cells.map(([, now]) => now),
    ),
  };
}

const SHOWN = 3;

/** What was counted, in a few words. */
export function describeCounts(counts: Counts): string {
  const total = totalOf(counts);
  if (total === 0) return 'nothing';
  if ([...counts.keys()].every((key) => typeof key === 'number')) {
    const sorted = [...counts].sort(([one], [other]) => Number(one) - Number(other));
    const quantile = (share: number): string => {
      let left = total * share;
      const [bin] = sorted.find(([, times]) => (left -= times) <= 0) ?? sorted.at(-1) ?? [0];
      return Number(valueOfBin(Number(bin)).toPrecision(3)).toString();
    };
    return `median ${quantile(0.5)}, 5 % below ${quantile(0.05)}, 5 % above ${quantile(0.95)}`;
  }
  const largest = [...counts].sort(([, one], [, other]) => other - one).slice(0, SHOWN);
  return largest.map(([key, times]) => `${String(key)} ${Math.round((times / total) * 100)} %`).join(', ');
}
