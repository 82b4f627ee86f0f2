import { constants, closeSync, copyFileSync, existsSync, fsyncSync, openSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { PlatformError, messageOf } from '@loopwright/protocol';
import { describeDamage } from './check-files.ts';
import { takeDataLock } from './data-lock.ts';
import { hasLostCommits, readLog } from './write-ahead-log.ts';

/** What a store has to do without from now on. */
export interface AcceptedLoss {
  /** What was wrong with the log. */
  readonly damage: string;
  /** The whole log as it was found. */
  readonly kept: string;
}

/**
 * Lets a store whose log lost acknowledged commits go on without them: the log is kept beside under a new name, and only what is sound of it stays.
 * Gives nothing, and changes nothing, when nothing is lost. Throws DATA_DIR_IN_USE while a process has the store open, STORE_FAILED when the
 * files cannot be written.
 */
export function acceptLoss(dir: string): AcceptedLoss | undefined {
  const file = join(dir, 'engine.db');
  if (!existsSync(file)) return undefined;
  const lock = takeDataLock(dir);
  try {
    const log = readLog(file);
    if (log === undefined || !hasLostCommits(log, 'full')) return undefined;
    const kept = keepCopy(`${file}-wal`);
    // The index tells of frames that are gone; SQLite makes it anew.
    rmSync(`${file}-shm`, { force: true });
    truncateSync(`${file}-wal`, log.soundBytes);
    return { damage: describeDamage(log), kept };
  } catch (error) {
    throw new PlatformError('STORE_FAILED', `Cannot put the log aside: ${messageOf(error)}`, { cause: error });
  } finally {
    lock.close();
  }
}

/** Copies a file beside itself under a name that is free, and onto the disk. */
function keepCopy(path: string): string {
  for (let number = 1; ; number += 1) {
    const copy = `${path}.damaged-${number}`;
    if (existsSync(copy)) continue;
    copyFileSync(path, copy, constants.COPYFILE_EXCL);
    const handle = openSync(copy, 'r+');
    fsyncSync(handle);
    closeSync(handle);
    return copy;
  }
}
