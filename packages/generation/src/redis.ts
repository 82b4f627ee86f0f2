// The plan cache in Redis, apart from the rest so that only who uses it loads its client.
export { RedisPlanCache, type RedisPlanCacheOptions } from './lib/cache/redis-plan-cache.ts';
