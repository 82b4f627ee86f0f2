import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededRandom } from './random.ts';

describe('seededRandom()', () => {
  it('repeats its sequence for a seed and not for another', () => {
    const take = (seed: number): number[] => {
      const random = seededRandom(seed);
      return Array.from({ length: 100 }, () => random.next());
    };
    assert.deepEqual(take(7), take(7));
    assert.notDeepEqual(take(7), take(8));
    assert.ok(take(7).every((value) => value >= 0 && value < 1));
    const mean = take(7).reduce((sum, value) => sum + value, 0) / 100;
    assert.ok(mean > 0.4 && mean < 0.6, String(mean));
  });

  it('makes UUIDs of version 4', () => {
    const random = seededRandom(1);
    const ids = Array.from({ length: 50 }, () => random.uuid());
    assert.equal(new Set(ids).size, 50);
    for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
