import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { posteriorBelow } from './posterior-below.ts';

describe('posteriorBelow', () => {
  it('is the distribution function of Beta(matched + 1, missed + 1)', () => {
    // Without data it is uniform; Beta(1, 6) is 1 − (1 − x)⁶; Beta(6, 1) is x⁶.
    assert.ok(Math.abs(posteriorBelow(0.7, 0, 0) - 0.7) < 1e-12);
    assert.ok(Math.abs(posteriorBelow(0.7, 0, 5) - (1 - 0.3 ** 6)) < 1e-12);
    assert.ok(Math.abs(posteriorBelow(0.7, 5, 5) - 0.7 ** 6) < 1e-12);
    // Symmetric about one half.
    assert.ok(Math.abs(posteriorBelow(0.5, 50_000, 100_000) - 0.5) < 1e-6);
  });
});
