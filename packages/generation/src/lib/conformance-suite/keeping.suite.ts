import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CACHED_RESULT_LIMIT_BYTES } from '../cache/limits.ts';
import { exampleResult } from './generation-service.ts';
import type { PlanCacheHarness } from './harness.ts';

/** What a cache keeps. */
export function keepingCases(harness: PlanCacheHarness): void {
  it('gives back what it was given, under its key only', async () => {
    await using world = await harness.world();
    const { cache } = world;
    assert.equal(await cache.get('0123456789abcdef'), undefined);
    assert.equal(await cache.set('0123456789abcdef', exampleResult(), 60), true);
    assert.deepEqual(await cache.get('0123456789abcdef'), exampleResult());
    assert.equal(await cache.get('fedcba9876543210'), undefined);
  });

  it('replaces a result', async () => {
    await using world = await harness.world();
    await world.cache.set('key', exampleResult(), 60);
    await world.cache.set('key', exampleResult({ execution_id: 'exec-2' }), 60);
    assert.equal((await world.cache.get('key'))?.execution_id, 'exec-2');
    assert.equal((await world.cache.stats()).cached_executions, 1);
  });

  it('gives copies: what a caller does to one is not seen by the next', async () => {
    await using world = await harness.world();
    const given = exampleResult();
    await world.cache.set('key', given, 60);
    given.warnings.push('changed after');
    const first = await world.cache.get('key');
    first?.artifacts.pop();
    if (first !== undefined) first.metadata['nested'] = 'changed';
    assert.deepEqual(await world.cache.get('key'), exampleResult());
  });

  it('keeps member names that mean something to JavaScript as they are', async () => {
    await using world = await harness.world();
    const metadata = JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}') as Record<string, never>;
    await world.cache.set('key', { ...exampleResult(), metadata }, 60);
    const kept = await world.cache.get('key');
    assert.equal(kept?.metadata['constructor'], 1);
    assert.equal(Reflect.get({}, 'polluted'), undefined);
    assert.equal(Reflect.get(kept.metadata, 'polluted'), undefined);
  });

  it('forgets a result when its time is over, and keeps one whose time is not', async () => {
    await using world = await harness.world();
    await world.cache.set('short', exampleResult(), 1);
    await world.cache.set('long', exampleResult(), 3600);
    await world.pass(1);
    assert.equal(await world.cache.get('short'), undefined);
    assert.equal(await world.cache.invalidate('short'), false);
    assert.notEqual(await world.cache.get('long'), undefined);
  });

  it('keeps nothing for no time', async () => {
    await using world = await harness.world();
    assert.equal(await world.cache.set('key', exampleResult(), 0), false);
    assert.equal(await world.cache.get('key'), undefined);
  });

  it('keeps no result that is too large', async () => {
    await using world = await harness.world();
    const large = exampleResult({ error_message: 'x'.repeat(CACHED_RESULT_LIMIT_BYTES) });
    assert.equal(await world.cache.set('key', large, 60), false);
    assert.equal(await world.cache.get('key'), undefined);
  });

  it('forgets one result, and says whether there was one', async () => {
    await using world = await harness.world();
    await world.cache.set('one', exampleResult(), 60);
    await world.cache.set('two', exampleResult(), 60);
    assert.equal(await world.cache.invalidate('one'), true);
    assert.equal(await world.cache.invalidate('one'), false);
    assert.equal(await world.cache.get('one'), undefined);
    assert.notEqual(await world.cache.get('two'), undefined);
  });

  it('forgets all, and says how many there were', async () => {
    await using world = await harness.world();
    for (let index = 0; index < 7; index += 1) await world.cache.set(`key-${index}`, exampleResult(), 60);
    assert.equal(await world.cache.clear(), 7);
    assert.equal(await world.cache.clear(), 0);
    assert.equal(await world.cache.get('key-0'), undefined);
  });

  it('tells its figures', async () => {
    await using world = await harness.world();
    await world.cache.set('one', exampleResult(), 60);
    await world.cache.set('two', exampleResult(), 60);
    const stats = await world.cache.stats();
    assert.deepEqual([stats.cached_executions, stats.metadata_entries], [2, 2]);
    assert.match(stats.used_memory_human, /^[1-9][\d.]*[BKMGT]$/);
    assert.match(stats.maxmemory_human, /^\d[\d.]*[BKMGT]$/);
  });

  it('holds under many at once', async () => {
    await using world = await harness.world();
    const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`);
    await Promise.all(keys.map((key) => world.cache.set(key, exampleResult({ execution_id: key }), 60)));
    const kept = await Promise.all(keys.map((key) => world.cache.get(key)));
    assert.deepEqual(
      kept.map((result) => result?.execution_id),
      keys,
    );
  });
}
