import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { exampleResult, openScriptedService } from '../conformance-suite/generation-service.ts';
import { planCacheConformance } from '../conformance-suite/plan-cache-conformance.ts';
import { PtcClient } from '../request/ptc-client.ts';
import { heldClock } from '../fixtures/held-clock.ts';
import { SqlitePlanCache } from './sqlite-plan-cache.ts';

async function folder() {
  const path = await mkdtemp(join(tmpdir(), 'loopwright-plan-cache-'));
  return { file: join(path, 'cache.db'), [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

planCacheConformance('SqlitePlanCache', {
  world: async () => {
    const place = await folder();
    const clock = heldClock();
    const cache = new SqlitePlanCache({ file: place.file, clock });
    return {
      cache,
      pass: async (seconds) => clock.advance(seconds * 1000),
      [Symbol.asyncDispose]: async () => {
        await cache[Symbol.asyncDispose]();
        await place[Symbol.asyncDispose]();
      },
    };
  },
});

describe('SqlitePlanCache', () => {
  it('has its results after it was closed and opened again, and over another connection', async () => {
    await using place = await folder();
    await using before = new SqlitePlanCache(place);
    await before.set('key', exampleResult(), 60);
    await using beside = new SqlitePlanCache(place);
    assert.deepEqual(await beside.get('key'), exampleResult());
    await before[Symbol.asyncDispose]();
    await using after = new SqlitePlanCache(place);
    assert.deepEqual(await after.get('key'), exampleResult());
  });

  it('lets go first what was not used for the longest time when its bytes are used up', async () => {
    await using place = await folder();
    const bytes = Buffer.byteLength(JSON.stringify(exampleResult()));
    await using cache = new SqlitePlanCache({ ...place, maxBytes: bytes * 3 });
    for (const key of ['a', 'b', 'c']) await cache.set(key, exampleResult(), 60);
    await cache.get('a');
    await cache.set('d', exampleResult(), 60);
    assert.equal(await cache.get('b'), undefined);
    for (const key of ['a', 'c', 'd']) assert.notEqual(await cache.get(key), undefined);
  });

  it('removes what is over when it writes', async () => {
    await using place = await folder();
    const clock = heldClock();
    await using cache = new SqlitePlanCache({ ...place, clock });
    await cache.set('old', exampleResult(), 1);
    clock.advance(1000);
    await cache.set('new', exampleResult(), 1);
    assert.equal((await cache.stats()).cached_executions, 1);
  });

  it('takes an entry that is no result any more for none', async () => {
    await using place = await folder();
    await using cache = new SqlitePlanCache(place);
    const whole = JSON.stringify(exampleResult());
    const broken = ['', 'null', '[]', whole.slice(0, -10), whole.replace('"SUCCESS"', '"DONE"'), '{"execution_id": 7}'];
    await cache.set('key', exampleResult(), 60);
    const database = new DatabaseSync(place.file);
    for (const text of broken) {
      database.prepare('UPDATE plan_cache_1 SET result = ?').run(text);
      assert.equal(await cache.get('key'), undefined, text);
    }
    database.close();
    await cache.set('key', exampleResult(), 60);
    assert.deepEqual(await cache.get('key'), exampleResult());
  });

  it('rejects over a file that is no database, leaves it as it is, and harms no execution', async () => {
    await using place = await folder();
    await writeFile(place.file, 'somebody wrote this by hand\n'.repeat(100));
    await using cache = new SqlitePlanCache(place);
    await assert.rejects(cache.get('key'), /not a database/);
    await using service = await openScriptedService({});
    const troubles: unknown[] = [];
    await using client = new PtcClient({ serviceUrl: service.url, cache, onCacheTrouble: (error) => troubles.push(error) });
    const plan = { execution_id: 'exec-1', scaffolding: { task_description: 'x' } };
    assert.equal((await client.execute(plan)).status, 'SUCCESS');
    assert.equal(troubles.length, 2);
    const stats = await client.getStats();
    assert.deepEqual(stats.cache, { error: 'file is not a database' });
    assert.equal(stats.client.cache_errors, 2);
    assert.match(await readFile(place.file, 'utf8'), /^somebody wrote this/);
  });

  it('reads and rejects to write while another process holds the file, and works when it does not any more', async () => {
    await using place = await folder();
    await using cache = new SqlitePlanCache(place);
    await cache.set('key', exampleResult(), 60);
    const other = new DatabaseSync(place.file);
    other.exec('BEGIN IMMEDIATE');
    await assert.rejects(cache.set('key', exampleResult({ execution_id: 'later' }), 60), /locked/);
    assert.equal((await cache.get('key'))?.execution_id, 'exec-1');
    other.exec('COMMIT');
    other.close();
    assert.equal(await cache.set('key', exampleResult({ execution_id: 'later' }), 60), true);
    assert.equal((await cache.get('key'))?.execution_id, 'later');
  });
});
