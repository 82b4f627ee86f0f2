export { REDIS_MISSING, RedisServer } from './lib/servers/redis-server.ts';
export { POSTGRES_MISSING, PostgresServer } from './lib/servers/postgres-server.ts';
