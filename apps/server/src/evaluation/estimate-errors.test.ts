import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { errorsOf } from './estimate-errors.ts';

describe('errorsOf', () => {
  it('measures estimates in their unit, and against always giving the mean', () => {
    const estimates = [1, 2, 3, 4].map((expected, n) => ({ expected, given: expected + (n % 2 === 0 ? 1 : -1) }));
    const { n, mae, low, high, rmse, r2, mean_mae } = errorsOf(estimates, 0.5);
    assert.deepEqual([n, mae, low, high, rmse, mean_mae], [4, 1, 1, 1, 1, 1]);
    assert.ok(Math.abs((r2 ?? 0) - (1 - 1 / 1.25)) < 1e-12);
  });

  it('says what cannot be known', () => {
    assert.equal(errorsOf([], 1).mae, null);
    assert.equal(
      errorsOf(
        [
          { expected: 2, given: 2 },
          { expected: 2, given: 3 },
        ],
        1,
      ).r2,
      null,
    );
  });
});
