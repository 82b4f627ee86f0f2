import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { wilsonInterval } from './wilson-interval.ts';

describe('wilsonInterval()', () => {
  it('gives the published values', () => {
    // Newcombe (1998), Statistics in Medicine 17, table I: 81/263, 15/148, 0/20, 1/29, method 3.
    const published: [number, number, number, number][] = [
      [81, 263, 0.2553, 0.3662],
      [15, 148, 0.0624, 0.1605],
      [0, 20, 0, 0.1611],
      [1, 29, 0.0061, 0.1718],
    ];
    for (const [successes, trials, low, high] of published) {
      const interval = wilsonInterval(successes, trials);
      assert.equal(interval.low.toFixed(4), low.toFixed(4));
      assert.equal(interval.high.toFixed(4), high.toFixed(4));
    }
  });

  it('holds the share and stays within [0, 1]', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (trials, part) => {
        const successes = Math.round(trials * part);
        const { low, high } = wilsonInterval(successes, trials);
        assert.ok(low >= 0 && high <= 1 && low <= successes / trials + 1e-12 && high >= successes / trials - 1e-12);
      }),
    );
  });

  it('knows nothing without trials', () => {
    assert.deepEqual(wilsonInterval(0, 0), { share: 0, low: 0, high: 1 });
  });
});
