import { constants, DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { type Json, messageOf, PlatformError } from '@loopwright/protocol';
import type { ServiceConnector } from '../services/service-connector.ts';
import {
  DATABASE_RESULT_LIMIT,
  DATABASE_ROWS_LIMIT,
  databaseConnection,
  type SqlSession,
  type SqlStatement,
} from './database.ts';

/** What a {@link sqliteConnector} works with. */
export interface SqliteConnectorOptions {
  /** The database; made when it is missing. `:memory:` gives each connection one of its own. */
  readonly file: string;
  /** How long a statement waits for another process's write, in milliseconds. @default 1 000 */
  readonly busyTimeoutMs?: number;
}

const BUSY_TIMEOUT_MS = 1000;

/**
 * A database in a SQLite file. Statements run in the process of who has this connector and hold it while they run: give it to the host only for modules that you
 * trust, and let a module of its own provide it otherwise (then the host's time-outs and its supervisor end what does not). No statement reaches another file:
 * ATTACH, VACUUM INTO and PRAGMA are refused.
 */
export function sqliteConnector({ file, busyTimeoutMs = BUSY_TIMEOUT_MS }: SqliteConnectorOptions): ServiceConnector {
  const open = (): DatabaseSync => {
    try {
      const database = new DatabaseSync(file, { timeout: busyTimeoutMs });
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
      database.setAuthorizer((action) => (REFUSED.has(action) ? constants.SQLITE_DENY : constants.SQLITE_OK));
      return database;
    } catch (error) {
      throw new PlatformError('SERVICE_UNAVAILABLE', 'Cannot open the database: the file cannot be used', { cause: error });
    }
  };
  return {
    serviceType: 'Database',
    connect: async () => databaseConnection(sqliteSession(open())),
    isHealthy: async () => {
      const database = open();
      database.close();
      return true;
    },
  };
}

/** Transactions are ours: one that a statement began would hold the others of this connection. */
const REFUSED: ReadonlySet<number> = new Set([
  constants.SQLITE_ATTACH,
  constants.SQLITE_DETACH,
  constants.SQLITE_PRAGMA,
  constants.SQLITE_TRANSACTION,
  constants.SQLITE_SAVEPOINT,
]);

function sqliteSession(database: DatabaseSync): SqlSession {
  return {
    query: async (statement) => guarded(() => rowsOf(database, statement)),
    batch: async (statements) => guarded(() => inTransaction(database, () => statements.map((one) => changesOf(database, one)))),
    close: async () => {
      if (database.isOpen) database.close();
    },
  };
}

function rowsOf(database: DatabaseSync, { sql, params }: Required<SqlStatement>): Record<string, Json>[] {
  const rows: Record<string, Json>[] = [];
  let size = 0;
  for (const row of database.prepare(sql).iterate(...values(params))) {
    const read = Object.fromEntries(Object.entries(row).map(([name, value]) => [name, jsonOf(value)]));
    size += JSON.stringify(read).length;
    if (rows.length === DATABASE_ROWS_LIMIT || size > DATABASE_RESULT_LIMIT)
      throw new PlatformError('LIMIT_EXCEEDED', 'Cannot read the rows: they are too many', {
        details: { rows: DATABASE_ROWS_LIMIT, characters: DATABASE_RESULT_LIMIT },
      });
    rows.push(read);
  }
  return rows;
}

function changesOf(database: DatabaseSync, { sql, params }: Required<SqlStatement>): { changes: number } {
  return { changes: Number(database.prepare(sql).run(...values(params)).changes) };
}

/** The authorizer is asked about our own BEGIN too, so that it is away for it. */
function inTransaction<T>(database: DatabaseSync, run: () => T): T {
  const control = (sql: string): void => {
    database.setAuthorizer(null);
    try {
      database.exec(sql);
    } finally {
      database.setAuthorizer((action) => (REFUSED.has(action) ? constants.SQLITE_DENY : constants.SQLITE_OK));
    }
  };
  control('BEGIN IMMEDIATE');
  try {
    const result = run();
    control('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) control('ROLLBACK');
    throw error;
  }
}

function values(params: readonly (string | number | boolean | null)[]): SQLInputValue[] {
  return params.map((value) => (typeof value === 'boolean' ? Number(value) : value));
}

function jsonOf(value: unknown): Json {
  if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString('base64') };
  return typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value)) ? value : null;
}

function guarded<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof PlatformError) throw error;
    const isBusy = error instanceof Error && 'errcode' in error && (error.errcode === 5 || error.errcode === 6);
    const code = isBusy ? 'SERVICE_UNAVAILABLE' : 'VALIDATION_ERROR';
    throw new PlatformError(code, `Cannot carry out the statement: ${messageOf(error).slice(0, 500)}`, { cause: error });
  }
}
