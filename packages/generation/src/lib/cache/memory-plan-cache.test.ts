import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planCacheConformance } from '../conformance-suite/plan-cache-conformance.ts';
import { exampleResult } from '../conformance-suite/generation-service.ts';
import { heldClock } from '../fixtures/held-clock.ts';
import { MemoryPlanCache } from './memory-plan-cache.ts';

planCacheConformance('MemoryPlanCache', {
  world: async () => {
    const clock = heldClock();
    const cache = new MemoryPlanCache({ clock });
    return {
      cache,
      pass: async (seconds) => clock.advance(seconds * 1000),
      [Symbol.asyncDispose]: () => cache[Symbol.asyncDispose](),
    };
  },
});

describe('MemoryPlanCache', () => {
  it('lets go first what was not used for the longest time when its bytes are used up', async () => {
    const bytes = Buffer.byteLength(JSON.stringify(exampleResult()));
    const cache = new MemoryPlanCache({ maxBytes: bytes * 3 });
    for (const key of ['a', 'b', 'c']) await cache.set(key, exampleResult(), 60);
    await cache.get('a');
    await cache.set('d', exampleResult(), 60);
    assert.equal(await cache.get('b'), undefined);
    for (const key of ['a', 'c', 'd']) assert.notEqual(await cache.get(key), undefined);
    assert.equal((await cache.stats()).cached_executions, 3);
    assert.equal(await cache.set('huge', exampleResult({ error_message: 'x'.repeat(bytes * 3) }), 60), false);
    assert.equal((await cache.stats()).cached_executions, 3);
  });

  it('counts its bytes down again', async () => {
    const cache = new MemoryPlanCache();
    await cache.set('a', exampleResult(), 60);
    await cache.set('a', exampleResult(), 60);
    await cache.invalidate('a');
    assert.equal((await cache.stats()).used_memory_human, '0B');
  });

  it('refuses a limit that is none', () => {
    for (const maxBytes of [0, -1, 1.5, Number.NaN])
      assert.throws(() => new MemoryPlanCache({ maxBytes }), { code: 'INVALID_CONFIGURATION' });
  });
});
