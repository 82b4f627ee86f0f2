import { type ArtifactResult, type Clock, PlatformError, systemClock } from '@loopwright/protocol';
import { copyResult } from './copy-result.ts';
import { CACHED_RESULT_LIMIT_BYTES, MEMORY_CACHE_BYTES } from './limits.ts';
import type { PlanCache, PlanCacheStats } from './plan-cache.ts';
import { readableBytes } from './readable-bytes.ts';

/** What a {@link MemoryPlanCache} can be given. */
export interface MemoryPlanCacheOptions {
  /** Bytes that the results may have together, written as JSON. 64 MiB when left out. */
  readonly maxBytes?: number;
  readonly clock?: Clock;
}

interface Entry {
  readonly result: ArtifactResult;
  readonly bytes: number;
  readonly endsAt: number;
}

/** A plan cache in this process. What was not used for the longest time goes first when the bytes are used up. */
export class MemoryPlanCache implements PlanCache {
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>();
  readonly #maxBytes: number;
  readonly #clock: Clock;
  #bytes = 0;

  constructor({ maxBytes = MEMORY_CACHE_BYTES, clock = systemClock }: MemoryPlanCacheOptions = {}) {
    this.#maxBytes = checkCacheBytes(maxBytes);
    this.#clock = clock;
  }

  get(key: string): Promise<ArtifactResult | undefined> {
    const entry = this.#take(key);
    if (entry === undefined || entry.endsAt <= this.#clock.now()) return Promise.resolve(undefined);
    this.#put(key, entry);
    return Promise.resolve(copyResult(entry.result));
  }

  set(key: string, result: ArtifactResult, ttlSeconds: number): Promise<boolean> {
    const bytes = Buffer.byteLength(JSON.stringify(result));
    if (ttlSeconds <= 0 || bytes > Math.min(this.#maxBytes, CACHED_RESULT_LIMIT_BYTES)) return Promise.resolve(false);
    this.#take(key);
    this.#put(key, { result: copyResult(result), bytes, endsAt: this.#clock.now() + ttlSeconds * 1000 });
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#take(oldest);
    }
    return Promise.resolve(true);
  }

  invalidate(key: string): Promise<boolean> {
    const entry = this.#take(key);
    return Promise.resolve(entry !== undefined && entry.endsAt > this.#clock.now());
  }

  stats(): Promise<PlanCacheStats> {
    return Promise.resolve({
      cached_executions: this.#entries.size,
      metadata_entries: this.#entries.size,
      used_memory_human: readableBytes(this.#bytes),
      maxmemory_human: readableBytes(this.#maxBytes),
    });
  }

  clear(): Promise<number> {
    const count = this.#entries.size;
    this.#entries.clear();
    this.#bytes = 0;
    return Promise.resolve(count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.clear();
  }

  #take(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
    return entry;
  }

  #put(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
    this.#bytes += entry.bytes;
  }
}

/** Checks a limit in bytes. @throws `PlatformError` `INVALID_CONFIGURATION`. */
export function checkCacheBytes(maxBytes: number): number {
  if (Number.isSafeInteger(maxBytes) && maxBytes > 0) return maxBytes;
  throw new PlatformError(
    'INVALID_CONFIGURATION',
    `Cannot open the plan cache: maxBytes is ${maxBytes}, and must be a whole number of bytes above 0`,
  );
}
