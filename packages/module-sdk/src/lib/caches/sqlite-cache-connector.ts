import { DatabaseSync } from 'node:sqlite';
import { type Clock, PlatformError } from '@loopwright/protocol';
import type { ServiceConnector } from '../services/service-connector.ts';
import { cacheConnection, type CacheSession } from './cache.ts';

/** What a {@link sqliteCacheConnector} works with. */
export interface SqliteCacheOptions {
  /** The database; made when it is missing. */
  readonly file: string;
  readonly clock: Clock;
  /** Entries that are kept; beyond it those go that were used longest ago. @default 100 000 */
  readonly maxEntries?: number;
}

const MAX_ENTRIES = 100_000;
const BUSY_TIMEOUT_MS = 1000;
/** `used` counts uses: the lowest one was used longest ago. */
const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS module_cache_1 (
    key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL, ends_at INTEGER, used INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS module_cache_1_used ON module_cache_1 (used);
`;

/** A cache in a SQLite file: it survives the process, and processes share it. */
export function sqliteCacheConnector(options: SqliteCacheOptions): ServiceConnector {
  const { clock, file, maxEntries = MAX_ENTRIES } = options;
  const open = (): DatabaseSync => {
    try {
      const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
      database.exec(SCHEMA);
      return database;
    } catch (error) {
      throw new PlatformError('SERVICE_UNAVAILABLE', 'Cannot open the cache: its file cannot be used', { cause: error });
    }
  };
  return {
    serviceType: 'Cache',
    connect: async () => cacheConnection(sessionOf(open(), { clock, maxEntries }), () => clock.now()),
    isHealthy: async () => {
      open().close();
      return true;
    },
  };
}

function sessionOf(database: DatabaseSync, { clock, maxEntries }: { clock: Clock; maxEntries: number }): CacheSession {
  const next = '(SELECT COALESCE(MAX(used), 0) + 1 FROM module_cache_1)';
  const get = database.prepare(
    `UPDATE module_cache_1 SET used = ${next} WHERE key = ? AND (ends_at IS NULL OR ends_at > ?) RETURNING value`,
  );
  const set = database.prepare(`INSERT OR REPLACE INTO module_cache_1 (key, value, ends_at, used) VALUES (?, ?, ?, ${next})`);
  const trim = database.prepare(
    'DELETE FROM module_cache_1 WHERE key IN (SELECT key FROM module_cache_1 ORDER BY used DESC LIMIT -1 OFFSET ?)',
  );
  const expire = database.prepare('DELETE FROM module_cache_1 WHERE key = ? AND ends_at <= ?');
  const remove = database.prepare('DELETE FROM module_cache_1 WHERE key = ?');
  // A thousandth over the limit at most: the trim looks at all entries.
  const trimEvery = Math.max(1, Math.floor(maxEntries / 1000));
  let sets = 0;
  return {
    get: (key) => {
      const value = get.get(key, clock.now())?.['value'];
      return typeof value === 'string' ? value : undefined;
    },
    set: (key, value, endsAt) => {
      set.run(key, value, endsAt ?? null);
      sets += 1;
      if (sets % trimEvery === 0) trim.run(maxEntries);
    },
    delete: (key) => {
      expire.run(key, clock.now());
      return Number(remove.run(key).changes) > 0;
    },
    clear: () => database.exec('DELETE FROM module_cache_1'),
    close: () => {
      if (database.isOpen) database.close();
    },
  };
}
