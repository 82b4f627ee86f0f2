import { type Clock, PlatformError } from '@loopwright/protocol';
import type { ServiceConnector } from '../services/service-connector.ts';
import { cacheConnection, type CacheSession } from './cache.ts';
import { RedisConnection } from './redis-connection.ts';

/** What a {@link redisCacheConnector} works with. */
export interface RedisCacheOptions {
  /** `redis://host[:port][/database]` or `rediss://…`; no error shows it. */
  readonly url: string;
  readonly clock: Clock;
  /** Names the cache on its server: connectors with the same name share it, others see nothing of it. @default 'module-cache' */
  readonly name?: string;
  /** Entries that are kept; beyond it those go that were used longest ago. @default 100 000 */
  readonly maxEntries?: number;
  /** Time for an operation, in milliseconds. @default 2 000 */
  readonly timeoutMs?: number;
}

const NAME = 'module-cache';
const MAX_ENTRIES = 100_000;
const TIMEOUT_MS = 2000;

// A hash of the values (`time of its end|value`), and the keys in the order of their uses: each script is one step of the server, and touches nothing else there.
const NEXT_USE = `local last = redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')
local use = (tonumber(last[2]) or 0) + 1`;
const DROP = `redis.call('HDEL', KEYS[1], ARGV[1]) redis.call('ZREM', KEYS[2], ARGV[1])`;
const FIND = `local found = redis.call('HGET', KEYS[1], ARGV[1])
local endsAt = found and tonumber(string.match(found, '^%d*'))
if endsAt and endsAt <= tonumber(ARGV[2]) then ${DROP} found = false end`;
const GET = `${FIND}
if not found then return false end
${NEXT_USE}
redis.call('ZADD', KEYS[2], use, ARGV[1])
return string.sub(found, string.find(found, '|', 1, true) + 1)`;
const SET = `${NEXT_USE}
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], use, ARGV[1])
local tooMany = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[3])
if tooMany > 0 then
  for _, key in ipairs(redis.call('ZRANGE', KEYS[2], 0, tooMany - 1)) do redis.call('HDEL', KEYS[1], key) end
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, tooMany - 1)
end
return 1`;
const DELETE = `${FIND}
${DROP}
return found and 1 or 0`;

/**
 * A cache in Redis, shared by all processes that use its name. Takes two keys of the server, `{name}:values` and `{name}:used`; entries whose time is over go when
 * they are asked for, or as those that were used longest ago.
 */
export function redisCacheConnector(options: RedisCacheOptions): ServiceConnector & Disposable {
  const { url, clock, name = NAME, maxEntries = MAX_ENTRIES, timeoutMs = TIMEOUT_MS } = options;
  const redis = new RedisConnection({ url, clock, timeoutMs });
  // The braces keep both on one node of a cluster.
  const keys = [`{${name}}:values`, `{${name}}:used`];
  const run = (script: string, ...given: string[]): Promise<unknown> =>
    redis.use((client) => client.eval(script, { keys, arguments: given }));
  const session: CacheSession = {
    get: async (key) => {
      const value = await run(GET, key, String(clock.now()));
      return typeof value === 'string' ? value : undefined;
    },
    set: async (key, value, endsAt) => {
      await run(SET, key, `${endsAt ?? ''}|${value}`, String(maxEntries));
    },
    delete: async (key) => (await run(DELETE, key, String(clock.now()))) === 1,
    clear: async () => {
      await redis.use((client) => client.unlink(keys));
    },
    // All connections are one; it lives as long as the connector.
    close: () => undefined,
  };
  return {
    serviceType: 'Cache',
    connect: async () => {
      await redis.use((client) => client.ping());
      return cacheConnection(session, () => clock.now());
    },
    isHealthy: async () => {
      try {
        return (await redis.use((client) => client.ping())) === 'PONG';
      } catch (error) {
        if (error instanceof PlatformError) return false;
        throw error;
      }
    },
    [Symbol.dispose]: () => redis.close(),
  };
}
