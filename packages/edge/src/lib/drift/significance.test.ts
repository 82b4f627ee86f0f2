import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chiSquarePValue, holm, kolmogorovPValue, stabilityIndex } from './significance.ts';

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= 1e-4 * expected, `${actual} is not ${expected}`);
}

describe('significance', () => {
  it('has the p values of χ² that tables have', () => {
    for (const [statistic, degrees, expected] of [
      [3.841459, 1, 0.05],
      [6.634897, 1, 0.01],
      [18.307038, 10, 0.05],
      [61.098306, 31, 0.001],
      [149.449253, 100, 0.001],
      [0.01, 5, 0.99999],
    ] as const)
      near(chiSquarePValue(statistic, degrees), expected);
    assert.equal(chiSquarePValue(0, 3), 1);
  });

  it('has the p values of Kolmogorov’s distribution', () => {
    // 1.3581 and 1.6276 are its 95 % and 99 % points; for large samples the correction vanishes.
    const of = (lambda: number): number => kolmogorovPValue(lambda / Math.sqrt(5e7), 1e8, 1e8);
    assert.ok(Math.abs(of(1.3581) - 0.05) < 1e-3 && Math.abs(of(1.6276) - 0.01) < 1e-3);
    assert.equal(kolmogorovPValue(0, 100, 100), 1);
    assert.ok(kolmogorovPValue(1, 100, 100) < 1e-12);
  });

  it('corrects for the number of tests as Holm does', () => {
    assert.deepEqual(
      holm([0.01, 0.04, 0.03, 0.005]).map((value) => Number(value.toFixed(3))),
      [0.03, 0.06, 0.06, 0.02],
    );
    assert.deepEqual(holm([]), []);
  });

  it('gives 0 for samples of one source and a large index for others', () => {
    assert.equal(stabilityIndex([100, 100, 100], [33, 34, 33]), 0);
    assert.ok(stabilityIndex([900, 100], [100, 900]) > 3);
    assert.equal(stabilityIndex([0], [0]), 0);
  });
});
