import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Clock, PlatformError } from '@loopwright/protocol';
import { LOCK_POLL_MS, LOCK_WAIT_MS } from './limits.ts';

/**
 * Runs something while no other process, and nobody else in this one, runs something in the same folder. The lock is one of
 * the operating system, held through an empty SQLite file (`.lock`): it is free again when its owner dies.
 *
 * @throws PlatformError CONFLICT when the folder is not free after {@link LOCK_WAIT_MS}; STORE_FAILED when it cannot be written.
 */
export async function withFolderLock<Result>(folder: string, clock: Clock, run: () => Promise<Result>): Promise<Result> {
  await mkdir(folder, { recursive: true });
  const database = new DatabaseSync(join(folder, '.lock'), { timeout: 0 });
  // The timers of a clock do not keep the process alive; a command that waits for its turn must not end in the middle.
  const keepAlive = setInterval(() => undefined, LOCK_WAIT_MS);
  try {
    const deadline = clock.now() + LOCK_WAIT_MS;
    while (!tryLock(database)) {
      if (clock.now() > deadline) throw new PlatformError('CONFLICT', `Cannot write to "${folder}": another process is writing`);
      await new Promise<void>((resolve) => {
        clock.schedule(LOCK_POLL_MS, resolve);
      });
    }
    return await run();
  } finally {
    clearInterval(keepAlive);
    database.close();
  }
}

function tryLock(database: DatabaseSync): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (error instanceof Error && /locked|busy/u.test(error.message)) return false;
    throw error;
  }
}
