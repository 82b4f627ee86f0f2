import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PlatformError } from '@loopwright/protocol';

/** SQLite's code for a database that somebody else has. */
const SQLITE_BUSY = 5;

/**
 * Takes the engine's folder until the result is closed: a lock that the operating system releases when the process dies, however it dies, namely an open
 * exclusive transaction. Throws DATA_DIR_IN_USE when another process has it.
 */
export function takeDataLock(dir: string): DatabaseSync {
  const file = join(dir, 'engine.lock');
  const lock = new DatabaseSync(file);
  try {
    lock.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    const isHeld = error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
    if (!isHeld) throw error;
    throw new PlatformError('DATA_DIR_IN_USE', `Cannot open the store: another process holds "${file}"`, { cause: error });
  }
}
