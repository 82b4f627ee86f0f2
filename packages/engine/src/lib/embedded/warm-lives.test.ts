import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WarmLives } from './warm-lives.ts';

describe('WarmLives', () => {
  it('lets the ones go that have waited longest, until the rest is small enough', () => {
    const warm = new WarmLives();
    assert.deepEqual(warm.keep('a', 40_000), []);
    assert.deepEqual(warm.keep('b', 30_000), []);
    assert.deepEqual(warm.keep('a', 50_000), []);
    assert.deepEqual(warm.keep('c', 20_001), ['b']);
    warm.forget('a');
    assert.deepEqual(warm.keep('d', 79_999), []);
    assert.deepEqual(warm.keep('e', 100_001), ['c', 'd', 'e']);
    assert.deepEqual(warm.keep('f', 100_000), []);
  });
});
