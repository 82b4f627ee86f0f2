// The cache in Redis, apart from the rest so that only who uses it loads its client.
export { redisCacheConnector, type RedisCacheOptions } from './lib/caches/redis-cache-connector.ts';
