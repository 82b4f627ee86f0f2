import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type ArtifactResult, type ExecutionPlanInput, executionPlanSchema } from '@loopwright/protocol';
import { planKey } from '../cache/plan-key.ts';
import { PtcClient } from '../request/ptc-client.ts';
import { exampleResult, openScriptedService } from './generation-service.ts';
import type { PlanCacheHarness, PlanCacheWorld } from './harness.ts';

const plan: ExecutionPlanInput = { execution_id: 'exec-1', scaffolding: { task_description: 'Tell spam from ham' } };
const planOf = (id: string, more: Partial<ExecutionPlanInput> = {}): ExecutionPlanInput => ({
  ...plan,
  execution_id: id,
  ...more,
});
const key = planKey(executionPlanSchema.parse(plan));

/** A client with the cache of a world, and a service with the results. */
async function clientWith(world: PlanCacheWorld, ...results: Partial<ArtifactResult>[]) {
  const service = await openScriptedService(...results);
  const client = new PtcClient({ serviceUrl: service.url, cache: world.cache });
  return {
    client,
    asked: service.asked,
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await service[Symbol.asyncDispose]();
    },
  };
}

/** What a client makes of a cache: the strategies, the times, and what is stored at all. */
export function cachingCases(harness: PlanCacheHarness): void {
  it('answers the second of two equal plans from the cache, and marks it', async () => {
    await using world = await harness.world();
    await using at = await clientWith(world, {});
    const first = await at.client.execute(plan);
    assert.deepEqual([first.status, first.from_cache, first.cache_key], ['SUCCESS', false, null]);
    const second = await at.client.execute(planOf('exec-2'));
    assert.deepEqual([second.status, second.from_cache, second.cache_key], ['CACHE_HIT', true, key]);
    assert.deepEqual([second.execution_id, second.metadata['cached_execution_id']], ['exec-2', 'exec-1']);
    assert.deepEqual(second.artifacts, first.artifacts);
    assert.deepEqual(at.asked, ['exec-1']);
    const stats = await at.client.getStats();
    assert.deepEqual([stats.client.cache_hits, stats.client.cache_misses, stats.cache_hit_rate], [1, 1, 0.5]);
  });

  it('never: neither reads nor writes', async () => {
    await using world = await harness.world();
    await using at = await clientWith(world, {});
    await at.client.execute(planOf('a', { cache_strategy: 'never' }));
    assert.equal((await world.cache.stats()).cached_executions, 0);
    await world.cache.set(key, exampleResult(), 60);
    assert.equal((await at.client.execute(planOf('b', { cache_strategy: 'never' }))).from_cache, false);
    assert.deepEqual(at.asked, ['a', 'b']);
  });

  it('always: takes whatever is there', async () => {
    await using world = await harness.world();
    await using at = await clientWith(world, {});
    await world.cache.set(key, exampleResult({ status: 'FAILURE', test_results: null }), 60);
    const result = await at.client.execute(planOf('a', { cache_strategy: 'always' }));
    assert.deepEqual([result.from_cache, result.status, at.asked.length], [true, 'CACHE_HIT', 0]);
  });

  it('smart: takes a success, with test results where the plan wants tests', async () => {
    await using world = await harness.world();
    await using at = await clientWith(world, { test_results: null }, {});
    await world.cache.set(key, exampleResult({ status: 'PARTIAL_SUCCESS' }), 60);
    assert.equal((await at.client.execute(planOf('a'))).from_cache, false);
    assert.equal((await at.client.execute(planOf('b'))).from_cache, false, 'what was kept of the first one has no test results');
    assert.equal((await at.client.execute(planOf('c'))).from_cache, true);
    const untested = planOf('d', { enable_testing: false });
    await world.cache.set(planKey(executionPlanSchema.parse(untested)), exampleResult({ test_results: null }), 60);
    assert.equal((await at.client.execute(untested)).from_cache, true);
    assert.deepEqual(at.asked, ['a', 'b']);
  });

  it('stores successful results only', async () => {
    await using world = await harness.world();
    await using at = await clientWith(world, { status: 'FAILURE' }, { status: 'TIMEOUT' }, { status: 'PARTIAL_SUCCESS' }, {});
    for (const id of ['a', 'b', 'c', 'd']) await at.client.execute(planOf(id, { cache_strategy: 'always' }));
    assert.equal(at.asked.length, 4);
    assert.equal((await at.client.execute(planOf('e', { cache_strategy: 'always' }))).from_cache, true);
  });

  it('TTL 0: neither reads nor writes; null: the time of the source', async () => {
    await using world = await harness.world();
    await using at = await clientWith(world, {});
    await at.client.execute(planOf('a', { cache_ttl: 0 }));
    assert.equal((await world.cache.stats()).cached_executions, 0);
    await at.client.execute(planOf('b', { cache_ttl: null }));
    assert.equal((await at.client.execute(planOf('c', { cache_ttl: 0 }))).from_cache, false);
    assert.equal((await at.client.execute(planOf('d', { cache_ttl: null }))).from_cache, true);
  });

  it('asks again when the time of the plan is over', async () => {
    await using world = await harness.world();
    await using at = await clientWith(world, {});
    await at.client.execute(planOf('a', { cache_ttl: 1 }));
    await world.pass(1);
    assert.equal((await at.client.execute(planOf('b', { cache_ttl: 1 }))).from_cache, false);
  });
}
