import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { digestOf, steadyLimits } from '@loopwright/engine';
import { type Clock, PlatformError, messageOf } from '@loopwright/protocol';
import { Kysely, SqliteDialect } from 'kysely';
import type { ServerTables } from './tables.ts';

/** The server's own tables: identities, grants, runs and what else is not an execution. */
export type ServerDatabase = Kysely<ServerTables>;

/** How the tables are opened. */
export interface ServerDatabaseOptions {
  /** Folder that this process holds; the file is `server.db`. */
  readonly dir: string;
  /** Whether an acknowledged write survives the end of the process, or also the loss of power (`full`). */
  readonly durability: 'process' | 'full';
  readonly clock: Clock;
}

const MIGRATIONS = join(import.meta.dirname, 'migrations');
const BUSY_MS = 5000;
/** Statements that stay prepared. */
const STATEMENTS_KEPT = 500;

/**
 * Opens the server's tables and brings their schema up to date; the caller ends it with `destroy()`. A statement is on disk when its promise
 * resolves. Throws STORE_FAILED when the file cannot be used, was written by a newer program, or a released migration is not what it was.
 */
export function openServerDatabase({ dir, durability, clock }: ServerDatabaseOptions): ServerDatabase {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(join(dir, 'server.db'));
    database.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'}; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = ${BUSY_MS};`,
    );
    migrate(database, clock);
    return new Kysely<ServerTables>({ dialect: new SqliteDialect({ database: asKyselyDatabase(database) }) });
  } catch (error) {
    database?.close();
    throw new PlatformError('STORE_FAILED', `Cannot open the server's tables: ${messageOf(error)}`, { cause: error });
  }
}

/** Applies each `NNNN-name.sql` once, in the order of the numbers, all of one start in one transaction. */
function migrate(database: DatabaseSync, clock: Clock): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec(
      'CREATE TABLE IF NOT EXISTS migrations (name TEXT NOT NULL PRIMARY KEY, digest TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT',
    );
    const applied = new Map(
      database
        .prepare('SELECT name, digest FROM migrations')
        .all()
        .map(({ name, digest }) => [String(name), String(digest)]),
    );
    const known = readdirSync(MIGRATIONS)
      .filter((name) => name.endsWith('.sql'))
      .sort();
    const unknown = [...applied.keys()].find((name) => !known.includes(name));
    if (unknown !== undefined) throw new Error(`a newer program wrote them (it knows the migration ${unknown})`);
    for (const name of known) {
      const sql = readFileSync(join(MIGRATIONS, name), 'utf8');
      const digest = digestOf(sql);
      const before = applied.get(name);
      if (before !== undefined && before !== digest) throw new Error(`the migration ${name} is not the one that was applied`);
      if (before !== undefined) continue;
      database.exec(sql);
      database.prepare('INSERT INTO migrations VALUES (?, ?, ?)').run(name, digest, clock.now());
    }
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

/** A statement, and whether it gives rows. */
interface PreparedStatement {
  readonly statement: StatementSync;
  readonly reader: boolean;
}

/** `node:sqlite` as kysely's dialect for SQLite asks for it. */
function asKyselyDatabase(database: DatabaseSync): ConstructorParameters<typeof SqliteDialect>[0]['database'] & object {
  // Kysely prepares each statement anew; most of the texts are the same few.
  const prepared = new Map<string, PreparedStatement>();
  const prepareOnce = (sql: string): PreparedStatement => {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    const [oldest] = prepared.keys();
    if (prepared.size >= STATEMENTS_KEPT && oldest !== undefined) prepared.delete(oldest);
    const statement = database.prepare(steadyLimits(sql));
    const made = { statement, reader: statement.columns().length > 0 };
    prepared.set(sql, made);
    return made;
  };
  return {
    close: () => database.close(),
    prepare: (sql) => {
      const { statement, reader } = prepareOnce(sql);
      return {
        reader,
        all: (parameters) => statement.all(...parameters.map(asInput)),
        run: (parameters) => {
          const { changes, lastInsertRowid } = statement.run(...parameters.map(asInput));
          return { changes: BigInt(changes), lastInsertRowid: BigInt(lastInsertRowid) };
        },
        // A cursor may be open while the same statement runs again.
        iterate: (parameters) => database.prepare(sql).iterate(...parameters.map(asInput)),
      };
    },
  };
}

function asInput(value: unknown): SQLInputValue {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return value;
  if (value instanceof Uint8Array) return value;
  throw new Error(`a value of the type ${typeof value} has no place in a table`);
}
