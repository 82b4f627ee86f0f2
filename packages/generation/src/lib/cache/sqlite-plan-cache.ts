import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { type ArtifactResult, type Clock, systemClock } from '@loopwright/protocol';
import { readKeptResult } from './kept-result.ts';
import { CACHED_RESULT_LIMIT_BYTES, SQLITE_CACHE_BYTES } from './limits.ts';
import { checkCacheBytes } from './memory-plan-cache.ts';
import type { PlanCache, PlanCacheStats } from './plan-cache.ts';
import { readableBytes } from './readable-bytes.ts';

/** What a {@link SqlitePlanCache} can be given. */
export interface SqlitePlanCacheOptions {
  /** The database; made when it is missing. Its folder must exist. */
  readonly file: string;
  /** Bytes that the results may have together, written as JSON. 256 MiB when left out. */
  readonly maxBytes?: number;
  readonly clock?: Clock;
}

/** How long one process waits for another one's write. Short: the thread stands still, and a miss is no harm. */
const BUSY_TIMEOUT_MS = 100;

/** `used` counts uses: the lowest one was used longest ago. */
const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS plan_cache_1 (
    key TEXT NOT NULL UNIQUE,
    bytes INTEGER NOT NULL,
    used INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    cached_at INTEGER NOT NULL,
    execution_id TEXT NOT NULL,
    result TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS plan_cache_1_used ON plan_cache_1 (used, bytes);
  CREATE INDEX IF NOT EXISTS plan_cache_1_ends ON plan_cache_1 (ends_at);
`;

const STATEMENTS = {
  get: 'SELECT result FROM plan_cache_1 WHERE key = ? AND ends_at > ?',
  touch: 'UPDATE plan_cache_1 SET used = (SELECT MAX(used) + 1 FROM plan_cache_1) WHERE key = ?',
  set: `INSERT OR REPLACE INTO plan_cache_1 (key, bytes, used, ends_at, cached_at, execution_id, result)
        VALUES (?, ?, (SELECT COALESCE(MAX(used), 0) + 1 FROM plan_cache_1), ?, ?, ?, ?)`,
  expire: 'DELETE FROM plan_cache_1 WHERE ends_at <= ?',
  total: 'SELECT COALESCE(SUM(bytes), 0) AS bytes FROM plan_cache_1',
  evict: 'DELETE FROM plan_cache_1 WHERE used = (SELECT MIN(used) FROM plan_cache_1) RETURNING bytes',
  invalidate: 'DELETE FROM plan_cache_1 WHERE key = ? AND ends_at > ?',
  clear: 'DELETE FROM plan_cache_1',
  stats: 'SELECT COUNT(*) AS count, COALESCE(SUM(bytes), 0) AS bytes FROM plan_cache_1',
} as const;

interface Open {
  readonly database: DatabaseSync;
  readonly statements: Readonly<Record<keyof typeof STATEMENTS, StatementSync>>;
}

/**
 * A plan cache in a SQLite file, for one machine: it survives the process. The file is opened by the first operation. A file that
 * cannot be opened or is damaged makes each operation reject; it is left as it is, for it may be somebody's data.
 */
export class SqlitePlanCache implements PlanCache {
  readonly #file: string;
  readonly #maxBytes: number;
  readonly #clock: Clock;
  #opened: Open | undefined;

  constructor({ file, maxBytes = SQLITE_CACHE_BYTES, clock = systemClock }: SqlitePlanCacheOptions) {
    this.#file = file;
    this.#maxBytes = checkCacheBytes(maxBytes);
    this.#clock = clock;
  }

  async get(key: string): Promise<ArtifactResult | undefined> {
    const { statements } = this.#open();
    const row = statements.get.get(key, this.#clock.now());
    const result = typeof row?.['result'] === 'string' ? readKeptResult(row['result']) : undefined;
    if (result === undefined) return undefined;
    try {
      statements.touch.run(key);
    } catch {
      // Another process writes, or the disk is full: the order of eviction is less exact, the result is as good.
    }
    return result;
  }

  async set(key: string, result: ArtifactResult, ttlSeconds: number): Promise<boolean> {
    const text = JSON.stringify(result);
    const bytes = Buffer.byteLength(text);
    if (ttlSeconds <= 0 || bytes > Math.min(this.#maxBytes, CACHED_RESULT_LIMIT_BYTES)) return false;
    const { database, statements } = this.#open();
    const now = this.#clock.now();
    database.exec('BEGIN IMMEDIATE');
    try {
      statements.expire.run(now);
      statements.set.run(key, bytes, now + Math.ceil(ttlSeconds * 1000), now, result.execution_id, text);
      let total = Number(statements.total.get()?.['bytes'] ?? 0);
      while (total > this.#maxBytes) total -= Number(statements.evict.get()?.['bytes'] ?? total);
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
    return true;
  }

  async invalidate(key: string): Promise<boolean> {
    return this.#open().statements.invalidate.run(key, this.#clock.now()).changes > 0;
  }

  async stats(): Promise<PlanCacheStats> {
    const row = this.#open().statements.stats.get();
    const count = Number(row?.['count'] ?? 0);
    return {
      cached_executions: count,
      metadata_entries: count,
      used_memory_human: readableBytes(Number(row?.['bytes'] ?? 0)),
      maxmemory_human: readableBytes(this.#maxBytes),
    };
  }

  async clear(): Promise<number> {
    return Number(this.#open().statements.clear.run().changes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#opened?.database.close();
    this.#opened = undefined;
  }

  #open(): Open {
    if (this.#opened !== undefined) return this.#opened;
    const database = new DatabaseSync(this.#file, { timeout: BUSY_TIMEOUT_MS });
    try {
      database.exec(SCHEMA);
      const prepare = (name: keyof typeof STATEMENTS): StatementSync => database.prepare(STATEMENTS[name]);
      const statements = {
        get: prepare('get'),
        touch: prepare('touch'),
        set: prepare('set'),
        expire: prepare('expire'),
        total: prepare('total'),
        evict: prepare('evict'),
        invalidate: prepare('invalidate'),
        clear: prepare('clear'),
        stats: prepare('stats'),
      };
      this.#opened = { database, statements };
      return this.#opened;
    } catch (error) {
      database.close();
      throw error;
    }
  }
}
