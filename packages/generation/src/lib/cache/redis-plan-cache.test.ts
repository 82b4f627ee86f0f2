import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { createClient } from 'redis';
import { exampleResult, openScriptedService } from '../conformance-suite/generation-service.ts';
import { planCacheConformance } from '../conformance-suite/plan-cache-conformance.ts';
import { PtcClient } from '../request/ptc-client.ts';
import { CACHED_RESULT_LIMIT_BYTES } from './limits.ts';
import { RedisPlanCache } from './redis-plan-cache.ts';
import { REDIS_MISSING, RedisServer } from '../fixtures/redis-server.ts';

const planOf = (execution_id: string) => ({ execution_id, scaffolding: { task_description: 'Tell spam from ham' } });

let shared: RedisServer | undefined;
before(async () => {
  if (REDIS_MISSING === false) shared = await RedisServer.open();
});
after(() => shared?.kill());

const urlOfShared = (): string => shared?.url ?? assert.fail('redis-server does not run');

planCacheConformance(
  'RedisPlanCache',
  {
    world: async () => {
      // Generous: what is measured is what is kept, on a machine that may be busy.
      const cache = new RedisPlanCache({ url: urlOfShared(), timeoutMs: 20_000 });
      return {
        cache,
        pass: (seconds) => new Promise((done) => setTimeout(done, seconds * 1000 + 50)),
        [Symbol.asyncDispose]: async () => {
          await cache.clear();
          await cache[Symbol.asyncDispose]();
        },
      };
    },
  },
  { skip: REDIS_MISSING },
);

describe('RedisPlanCache', { skip: REDIS_MISSING }, () => {
  it('writes the keys, the metadata and the times of the source', async () => {
    await using cache = new RedisPlanCache({ url: urlOfShared(), timeoutMs: 20_000 });
    await cache.set('0123456789abcdef', exampleResult(), 60);
    const redis = await createClient({ url: urlOfShared() }).connect();
    try {
      assert.deepEqual(JSON.parse((await redis.get('ptc:exec:0123456789abcdef')) ?? ''), exampleResult());
      const meta = JSON.parse((await redis.get('ptc:meta:0123456789abcdef')) ?? '');
      assert.match(meta.cached_at, /Z$/);
      assert.deepEqual([meta.execution_id, meta.cache_key, meta.ttl], ['exec-1', '0123456789abcdef', 60]);
      for (const key of ['ptc:exec:0123456789abcdef', 'ptc:meta:0123456789abcdef']) {
        const left = await redis.ttl(key);
        assert.ok(left > 0 && left <= 60, String(left));
      }
      await redis.set('other', 'kept');
      await cache.clear();
      assert.deepEqual(await redis.keys('*'), ['other']);
    } finally {
      await redis.flushAll();
      redis.destroy();
    }
  });

  it('takes an entry that is no result for none, whatever it is, and writes over it', async () => {
    await using cache = new RedisPlanCache({ url: urlOfShared(), timeoutMs: 20_000 });
    const redis = await createClient({ url: urlOfShared() }).connect();
    try {
      const whole = JSON.stringify(exampleResult());
      const broken = ['', '\0\u0001', 'null', whole.slice(0, -10), whole.replace('"SUCCESS"', '"DONE"'), '{"execution_id":7}'];
      for (const text of broken) {
        await redis.set('ptc:exec:key', text);
        assert.equal(await cache.get('key'), undefined, text);
      }
      await redis.set('ptc:exec:key', whole + ' '.repeat(CACHED_RESULT_LIMIT_BYTES));
      assert.equal(await cache.get('key'), undefined);
      await redis.del('ptc:exec:key');
      await redis.lPush('ptc:exec:key', 'a list');
      assert.equal(await cache.get('key'), undefined);
      await cache.set('key', exampleResult(), 60);
      assert.deepEqual(await cache.get('key'), exampleResult());
    } finally {
      await redis.flushAll();
      redis.destroy();
    }
  });

  it('wants the password where there is one, and shows it nowhere', async () => {
    await using server = await RedisServer.open('--requirepass', 'sesame-7');
    await using with_ = new RedisPlanCache({ url: server.url, password: 'sesame-7', timeoutMs: 20_000 });
    assert.equal(await with_.set('key', exampleResult(), 60), true);
    await using inUrl = new RedisPlanCache({ url: server.url.replace('//', '//:sesame-7@'), timeoutMs: 20_000 });
    assert.notEqual(await inUrl.get('key'), undefined);
    await using without = new RedisPlanCache({ url: server.url, timeoutMs: 20_000 });
    await assert.rejects(without.get('key'), /NOAUTH/);
    await using wrong = new RedisPlanCache({ url: server.url, password: 'sesame-8', timeoutMs: 20_000 });
    await assert.rejects(wrong.get('key'), (error: unknown) => {
      assert.match(String(error), /WRONGPASS/);
      assert.doesNotMatch(JSON.stringify(error) + String(error), /sesame/);
      return true;
    });
    assert.throws(
      () => new RedisPlanCache({ url: 'http://:sesame-7@host' }),
      (error: unknown) => !String(error).includes('sesame'),
    );
  });

  it('goes on reading when the server refuses to write', async () => {
    await using server = await RedisServer.open('--maxmemory', '3mb');
    await using cache = new RedisPlanCache({ url: server.url, timeoutMs: 20_000, pauseMs: 60_000 });
    await cache.set('small', exampleResult(), 60);
    const large = exampleResult({ error_message: 'x'.repeat(2_000_000) });
    await cache.set('a', large, 60).catch(() => undefined);
    await assert.rejects(cache.set('b', large, 60), /OOM|EXECABORT/);
    assert.deepEqual(await cache.get('small'), exampleResult());
  });
});

describe('PtcClient with a Redis that fails', { skip: REDIS_MISSING }, () => {
  it('goes on when the server is killed, and uses it again when it is back', async () => {
    await using server = await RedisServer.open();
    await using service = await openScriptedService({});
    await using cache = new RedisPlanCache({ url: server.url, timeoutMs: 20_000, pauseMs: 0 });
    await using client = new PtcClient({ serviceUrl: service.url, cache, cacheTimeoutMs: 30_000 });
    await client.execute(planOf('a'));
    assert.equal((await client.execute(planOf('b'))).from_cache, true);
    await server.kill();
    assert.equal((await client.execute(planOf('c'))).status, 'SUCCESS');
    assert.deepEqual(service.asked, ['a', 'c']);
    assert.match(JSON.stringify((await client.getStats()).cache), /"error":"Cannot ask Redis: .*(ECONNREFUSED|closed)/);
    await server.start();
    assert.equal((await client.execute(planOf('d'))).from_cache, false);
    assert.equal((await client.execute(planOf('e'))).from_cache, true);
  });

  it('waits for a server that stands still no longer than it may, then leaves it alone for the pause', async () => {
    await using server = await RedisServer.open();
    await using service = await openScriptedService({});
    await using cache = new RedisPlanCache({ url: server.url, timeoutMs: 200, pauseMs: 60_000 });
    const troubles: string[] = [];
    await using client = new PtcClient({
      serviceUrl: service.url,
      cache,
      cacheTimeoutMs: 30_000,
      onCacheTrouble: (error) => troubles.push(String(error)),
    });
    server.freeze();
    assert.equal((await client.execute(planOf('a'))).status, 'SUCCESS');
    assert.equal((await client.execute(planOf('b'))).status, 'SUCCESS');
    server.thaw();
    assert.equal(troubles.length, 4);
    assert.match(troubles[0] ?? '', /Cannot ask Redis: no answer within 200 ms/);
    for (const later of troubles.slice(1)) assert.match(later, /Cannot ask Redis yet/);
  });

  it('is not confused by the answer that comes after the connection was given up', async () => {
    await using server = await RedisServer.open();
    await using cache = new RedisPlanCache({ url: server.url, timeoutMs: 5000, pauseMs: 0 });
    await cache.set('one', exampleResult({ execution_id: 'one' }), 60);
    await cache.set('two', exampleResult({ execution_id: 'two' }), 60);
    await using hasty = new RedisPlanCache({ url: server.url, timeoutMs: 300, pauseMs: 0 });
    await hasty.get('one').catch(() => undefined);
    server.freeze();
    await assert.rejects(hasty.get('one'), /no answer/);
    server.thaw();
    let second: string | undefined;
    for (let attempt = 0; attempt < 200 && second === undefined; attempt += 1)
      second = await hasty.get('two').then(
        (result) => result?.execution_id,
        () => undefined,
      );
    assert.equal(second, 'two');
  });
});

describe('PtcClient with something that is no Redis', () => {
  it('goes on when what listens talks nonsense, hangs up, says nothing, or is not there', async () => {
    const behaviours: ((socket: Socket) => void)[] = [
      (socket) => void socket.on('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')),
      (socket) => void socket.on('data', () => socket.write('$-7\r\n:::\r\n*999999999\r\n')),
      (socket) => void socket.on('data', () => socket.write(Buffer.alloc(65_536, 0xff))),
      (socket) => void socket.destroy(),
      () => undefined,
    ];
    await using service = await openScriptedService({});
    for (const [index, behave] of [...behaviours, undefined].entries()) {
      const server = createServer((socket) => {
        socket.on('error', () => undefined);
        behave?.(socket);
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      if (behave === undefined) server.close();
      await using cache = new RedisPlanCache({ url: `redis://127.0.0.1:${port}`, timeoutMs: 200, pauseMs: 0 });
      await using client = new PtcClient({ serviceUrl: service.url, cache });
      assert.equal((await client.execute(planOf(`exec-${index}`))).status, 'SUCCESS');
      const { cache_errors: errors, cache_hits: hits } = (await client.getStats()).client;
      server.close();
      // Some nonsense reads as "there is nothing", which is a miss and no error.
      assert.ok(errors >= 1 && hits === 0, `behaviour ${index}: ${errors} errors`);
    }
  });

  it('goes on when a cache never answers, or throws where it should reject', async () => {
    await using service = await openScriptedService({});
    const silent = (): Promise<never> => new Promise(() => undefined);
    const throwing = (): never => {
      throw new Error('broken');
    };
    for (const broken of [silent, throwing]) {
      const cache = { get: broken, set: broken, invalidate: broken, stats: broken, clear: broken, [Symbol.asyncDispose]: broken };
      const onCacheTrouble = throwing;
      await using client = new PtcClient({ serviceUrl: service.url, cache, cacheTimeoutMs: 20, onCacheTrouble });
      assert.equal((await client.execute(planOf('exec-1'))).status, 'SUCCESS');
      assert.equal((await client.getStats()).client.cache_errors, 2);
    }
  });
});
