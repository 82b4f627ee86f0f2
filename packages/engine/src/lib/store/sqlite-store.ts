import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PlatformError, messageOf } from '@loopwright/protocol';
import type { ExecutionEvent } from '../execution/execution.ts';
import { checkDatabase, checkLog } from './check-files.ts';
import { takeDataLock } from './data-lock.ts';
import { GroupCommit } from './group-commit.ts';
import { LogSync } from './log-sync.ts';
import type { UsedTables } from './sqlite-limits.ts';
import { SqliteTransaction } from './sqlite-transaction.ts';
import type { Store, StoreReader, StoreTransaction } from './store.ts';
import { ValueFiles } from './value-files.ts';

/** How much an acknowledgement promises: `process` survives a crash of the process, `full` also a loss of power. */
export type Durability = 'process' | 'full';

/** How an embedded store is opened. */
export interface SqliteStoreOptions {
  /** Folder of the store; made when it is missing. */
  readonly dir: string;
  readonly durability: Durability;
  /** Gets the events of each commit, in order, after it, and the position of the first one in the order of all executions; the others follow it. */
  readonly onEvents: (events: readonly ExecutionEvent[], position: number) => void;
  /** Told when the store goes on although something of it is lost that was not promised. */
  readonly onTrouble?: (message: string, error: unknown) => void;
  /** The longest JSON text of a value that stays in the tables, in characters; a longer one is a file of its own. 64 Ki when left out. */
  readonly inlineCharacters?: number;
}

const INLINE_CHARACTERS = 64 * 1024;
/** The folders that the files of large values are spread over. */
const VALUE_FOLDERS = 256;

/** Numbered, never changed once released; a new one is added at the end. */
const MIGRATIONS = [
  '0001-init.sql',
  '0002-listeners.sql',
  '0003-children.sql',
  '0004-operations.sql',
  '0005-schedules.sql',
  '0006-large-values.sql',
  '0007-limits.sql',
  '0008-groups.sql',
  '0009-history.sql',
  '0010-event-positions.sql',
  '0011-projects.sql',
  '0012-notices.sql',
  '0013-answers.sql',
  '0014-assignees.sql',
];
/** The schema that this program writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** The embedded store: one SQLite file in WAL mode, one connection, commits in groups. */
export class SqliteStore implements Store {
  /** Mutations run to their end at once, so between them the transaction shows what is committed and nothing else. */
  readonly read: StoreReader;
  readonly #database: DatabaseSync;
  readonly #lock: DatabaseSync;
  readonly #commits: GroupCommit;
  readonly #sync: LogSync | undefined;
  readonly #transaction: SqliteTransaction;
  readonly #files: ValueFiles;
  #isClosed = false;

  /**
   * Opens the store and brings its schema up to date. Throws DATA_DIR_IN_USE when another process has it, STORE_FAILED
   * when the folder or the file cannot be used.
   */
  constructor(options: SqliteStoreOptions) {
    const { dir, durability, onEvents, inlineCharacters = INLINE_CHARACTERS } = options;
    const endedInCrash = existsSync(join(dir, 'engine.db-wal'));
    const opened = openDatabase(options);
    this.#lock = opened.lock;
    this.#database = opened.database;
    const used: UsedTables = new Map();
    this.#files = new ValueFiles({ dir: join(dir, 'values'), inlineCharacters, flush: durability === 'full' });
    this.#transaction = new SqliteTransaction(this.#database, this.#files, used);
    this.read = this.#transaction;
    this.#sync = durability === 'full' ? new LogSync(join(dir, 'engine.db-wal')) : undefined;
    const hooks = {
      flush: () => this.#transaction.finish(),
      committed: () => {
        const { events, position } = this.#transaction.committed();
        return () => {
          this.#dropGone();
          if (events.length > 0) onEvents(events, position);
        };
      },
      rolledBack: () => {
        this.#transaction.forget();
        this.#dropGone();
      },
    };
    this.#commits = new GroupCommit(this.#database, hooks, this.#sync);
    if (endedInCrash) this.#sweep(0);
  }

  write<T>(mutation: (transaction: StoreTransaction) => T): Promise<T> {
    if (this.#isClosed) return Promise.reject(new PlatformError('STORE_FAILED', 'Cannot write to the store: it is closed'));
    return this.#commits.run(() => mutation(this.#transaction));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#commits.flush();
    await this.#sync?.[Symbol.asyncDispose]();
    this.#database.close();
    this.#lock.close();
  }

  /** Deletes the large values that nobody holds after a transaction (V3). */
  #dropGone(): void {
    if (!this.#transaction.hasGone) return;
    const files = this.#transaction.takeGone();
    this.#unlessRefused(() => {
      for (const digest of files) if (!this.#transaction.isHeld(digest)) this.#files.delete(digest);
    });
  }

  /** A process that died may have left files whose transaction was never committed: looks for them, one folder a turn. */
  #sweep(folder: number): void {
    setImmediate(() => {
      if (this.#isClosed || folder === VALUE_FOLDERS) return;
      this.#unlessRefused(() => this.#files.sweep(folder, (digest) => this.#transaction.isHeld(digest)));
      this.#sweep(folder + 1);
    });
  }

  /** A file that cannot be deleted costs space and nothing else; the sweep after the next crash tries again. */
  #unlessRefused(deleteFiles: () => void): void {
    try {
      deleteFiles();
    } catch {
      // Nothing depends on it.
    }
  }
}

/** Takes the folder and opens its database; leaves nothing open when that fails. */
function openDatabase({ dir, durability, onTrouble }: SqliteStoreOptions): { lock: DatabaseSync; database: DatabaseSync } {
  let lock: DatabaseSync | undefined;
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    lock = takeDataLock(dir);
    const file = join(dir, 'engine.db');
    checkLog(file, { durability, warn: (message) => onTrouble?.(message, undefined) });
    database = new DatabaseSync(file, { enableForeignKeyConstraints: true });
    // The log is brought to the disk by `LogSync` where that is promised, and by each checkpoint.
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -65536; PRAGMA synchronous = NORMAL;',
    );
    checkDatabase(database, file);
    migrate(database);
    return { lock, database };
  } catch (error) {
    database?.close();
    lock?.close();
    if (error instanceof PlatformError) throw error;
    throw new PlatformError('STORE_FAILED', `Cannot open the store in "${dir}": ${messageOf(error)}`, { cause: error });
  }
}

function migrate(database: DatabaseSync): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (version > MIGRATIONS.length) {
    throw new PlatformError(
      'STORE_FAILED',
      `Cannot open the store: its schema ${version} is newer than this program's ${MIGRATIONS.length}`,
    );
  }
  for (const [index, name] of MIGRATIONS.slice(version).entries()) {
    const sql = readFileSync(new URL(`migrations/${name}`, import.meta.url), 'utf8');
    database.exec(`BEGIN; ${sql} PRAGMA user_version = ${version + index + 1}; COMMIT;`);
  }
}
