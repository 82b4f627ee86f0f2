import { type ArtifactResult, type Clock, isoTime, messageOf, systemClock } from '@loopwright/protocol';
import { readKeptResult } from './kept-result.ts';
import { CACHED_RESULT_LIMIT_BYTES, REDIS_PAUSE_MS, REDIS_TIMEOUT_MS } from './limits.ts';
import type { PlanCache, PlanCacheStats } from './plan-cache.ts';
import { type RedisClient, RedisConnection } from './redis-connection.ts';

/** What a {@link RedisPlanCache} can be given. */
export interface RedisPlanCacheOptions {
  /** `redis[s]://[user[:password]@]host[:port][/database]`. `redis://localhost:6379/0` when left out. */
  readonly url?: string;
  /** Used where the URL has none. */
  readonly password?: string;
  /** How long one operation may take, the connecting included. 500 ms when left out. */
  readonly timeoutMs?: number;
  /** After a failure the server is left alone for so long, and each operation rejects at once. 1000 ms when left out. */
  readonly pauseMs?: number;
  readonly clock?: Clock;
}

const EXECUTIONS = 'ptc:exec:';
const METADATA = 'ptc:meta:';
const SCAN_COUNT = 500;

/**
 * A plan cache in Redis, shared by machines: `ptc:exec:{key}` is a result as JSON, `ptc:meta:{key}` says when it came, from
 * which execution and for how long. Redis itself forgets them when their time is over, and evicts by its own `maxmemory-policy`.
 * Connects with the first operation, and anew after a failure.
 */
export class RedisPlanCache implements PlanCache {
  readonly #connection: RedisConnection;
  readonly #clock: Clock;

  /** @throws `PlatformError` `INVALID_CONFIGURATION` when the URL is none of Redis. */
  constructor({ url, password, timeoutMs, pauseMs, clock = systemClock }: RedisPlanCacheOptions = {}) {
    this.#clock = clock;
    this.#connection = new RedisConnection({
      url: url ?? 'redis://localhost:6379/0',
      password,
      timeoutMs: timeoutMs ?? REDIS_TIMEOUT_MS,
      pauseMs: pauseMs ?? REDIS_PAUSE_MS,
      clock,
    });
  }

  get(key: string): Promise<ArtifactResult | undefined> {
    return this.#connection.use(async (redis) => {
      // One byte more than is kept: whoever else writes here cannot make this process read without limit.
      const text = await redis.getRange(EXECUTIONS + key, 0, CACHED_RESULT_LIMIT_BYTES).catch(nothingForAnotherType);
      return text === null || Buffer.byteLength(text) > CACHED_RESULT_LIMIT_BYTES ? undefined : readKeptResult(text);
    });
  }

  async set(key: string, result: ArtifactResult, ttlSeconds: number): Promise<boolean> {
    const text = JSON.stringify(result);
    if (ttlSeconds <= 0 || Buffer.byteLength(text) > CACHED_RESULT_LIMIT_BYTES) return false;
    const metadata = {
      cached_at: isoTime(this.#clock.now()),
      execution_id: result.execution_id,
      cache_key: key,
      ttl: ttlSeconds,
    };
    const options = { expiration: { type: 'PX', value: Math.ceil(ttlSeconds * 1000) } } as const;
    await this.#connection.use((redis) =>
      redis
        .multi()
        .set(EXECUTIONS + key, text, options)
        .set(METADATA + key, JSON.stringify(metadata), options)
        .exec(),
    );
    return true;
  }

  async invalidate(key: string): Promise<boolean> {
    const [removed] = await this.#connection.use((redis) =>
      redis
        .multi()
        .unlink(EXECUTIONS + key)
        .unlink(METADATA + key)
        .exec(),
    );
    return Number(removed) > 0;
  }

  async stats(): Promise<PlanCacheStats> {
    const figures = await this.#connection.use((redis) => redis.info('memory'));
    return {
      cached_executions: await this.#scan(EXECUTIONS),
      metadata_entries: await this.#scan(METADATA),
      used_memory_human: infoField(figures, 'used_memory_human'),
      maxmemory_human: infoField(figures, 'maxmemory_human'),
    };
  }

  async clear(): Promise<number> {
    await this.#scan(METADATA, (redis, keys) => redis.unlink(keys));
    return this.#scan(EXECUTIONS, (redis, keys) => redis.unlink(keys));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.close();
  }

  /** Counts the keys under a prefix, or what `each` says of them. A page is one operation, with its own time limit. */
  async #scan(
    prefix: string,
    each: (redis: RedisClient, keys: string[]) => Promise<number> = async (_, keys) => keys.length,
  ): Promise<number> {
    let count = 0;
    let cursor = '0';
    do {
      cursor = await this.#connection.use(async (redis) => {
        const page = await redis.scan(cursor, { MATCH: `${prefix}*`, COUNT: SCAN_COUNT });
        if (page.keys.length > 0) count += await each(redis, page.keys);
        return page.cursor;
      });
    } while (cursor !== '0');
    return count;
  }
}

/** Somebody else's list or set under our name is an entry that cannot be read. */
function nothingForAnotherType(error: unknown): null {
  if (messageOf(error).startsWith('WRONGTYPE')) return null;
  throw error;
}

function infoField(text: string, name: string): string {
  return new RegExp(`^${name}:(.*)$`, 'm').exec(text)?.[1]?.trim() ?? '0B';
}
