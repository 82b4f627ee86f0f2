import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { wilson } from './wilson.ts';

describe('wilson', () => {
  it('gives the published interval of 81 of 263 (Newcombe 1998, method 3: 0.2553 to 0.3662)', () => {
    const { share, low, high } = wilson(81, 263);
    assert.equal(share.toFixed(4), '0.3080');
    assert.equal(low.toFixed(4), '0.2553');
    assert.equal(high.toFixed(4), '0.3662');
  });

  it('stays within 0 and 1 at the ends and without trials', () => {
    assert.equal(wilson(10, 10).high, 1);
    assert.ok(wilson(10, 10).low < 0.8);
    assert.equal(wilson(0, 10).low, 0);
    assert.deepEqual(wilson(0, 0), { share: 0, low: 0, high: 1 });
  });
});
