import { constants, copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';

/** A store that is only read. */
export interface OpenedForReading extends Disposable {
  readonly database: DatabaseSync;
}

/** Whether a process has the store open. */
export function isServed(dir: string): boolean {
  const file = join(dir, 'engine.lock');
  if (!existsSync(file)) return false;
  const lock = new DatabaseSync(file, { readOnly: true, timeout: 0 });
  try {
    lock.exec('SELECT count(*) FROM sqlite_master');
    return false;
  } catch {
    return true;
  } finally {
    lock.close();
  }
}

/**
 * Opens a store without changing a byte of its folder. Beside a server, SQLite reads what is committed. Without one, a plain open would make or
 * rebuild the index of the log, which is the witness of what the log has lost: a store with a log is read from a copy, one without as it is.
 */
export function openForReading(dir: string, { served }: { served: boolean }): OpenedForReading {
  const file = resolve(dir, 'engine.db');
  if (served) return opened(new DatabaseSync(file, { readOnly: true }));
  if (!existsSync(`${file}-wal`) || statSync(`${file}-wal`).size === 0) {
    const url = pathToFileURL(file);
    url.searchParams.set('immutable', '1');
    return opened(new DatabaseSync(url, { readOnly: true }));
  }
  const folder = mkdtempSync(join(tmpdir(), 'loopwright-doctor-'));
  const removeCopy = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    for (const name of ['engine.db', 'engine.db-wal'])
      copyFileSync(join(dir, name), join(folder, name), constants.COPYFILE_FICLONE);
    return opened(new DatabaseSync(join(folder, 'engine.db')), removeCopy);
  } catch (error) {
    removeCopy();
    throw error;
  }
}

function opened(database: DatabaseSync, after: () => void = () => undefined): OpenedForReading {
  return {
    database,
    [Symbol.dispose]: () => {
      database.close();
      after();
    },
  };
}
