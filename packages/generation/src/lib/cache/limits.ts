/** How long a result is kept when neither the plan nor the caller says, in seconds. The source's figure. */
export const DEFAULT_TTL_SECONDS = 3600;

/** The longest time that a result is kept, in seconds: ten years, which every store can count in milliseconds. */
export const TTL_LIMIT_SECONDS: number = 10 * 365 * 86_400;

/** The largest result, written as JSON, that a cache keeps and reads, in bytes. */
export const CACHED_RESULT_LIMIT_BYTES: number = 16 * 1024 * 1024;

/** How long an execution waits for its cache when nothing else is said, in milliseconds. */
export const CACHE_TIMEOUT_MS = 1000;

/** What a cache holds when nothing else is said, in bytes of results written as JSON. */
export const MEMORY_CACHE_BYTES: number = 64 * 1024 * 1024;
export const SQLITE_CACHE_BYTES: number = 256 * 1024 * 1024;

/** How long a Redis server may take for one operation, and is left alone after it failed, in milliseconds. */
export const REDIS_TIMEOUT_MS = 500;
export const REDIS_PAUSE_MS = 1000;
