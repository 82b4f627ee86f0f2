import { constants, copyFileSync, existsSync, statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { PlatformError } from '@loopwright/protocol';
import type { Durability } from './sqlite-store.ts';
import { type LogState, hasLostCommits, readLog } from './write-ahead-log.ts';

/** The largest database that is checked page by page at every start, in bytes; that takes some tens of milliseconds. `doctor` checks any. */
const QUICK_CHECK_BYTES = 16 * 1024 * 1024;

/**
 * Checks the files of a store before SQLite repairs them in its way. A log that lost acknowledged commits is refused with `durability: full`. With
 * `process` a loss of power explains it and nothing more was promised: the damaged log is kept beside and `warn` is told. Throws STORE_FAILED.
 */
export function checkLog(file: string, { durability, warn }: { durability: Durability; warn: (message: string) => void }): void {
  const log = readLog(file);
  if (log === undefined || !hasLostCommits(log)) return;
  if (durability === 'full') {
    throw new PlatformError('STORE_FAILED', `Cannot open the store: ${describeDamage(log)}`, {
      details: {
        file: `${file}-wal`,
        fix: 'Bring the log back from a copy, or start once with --durability process to go on without what it lost',
      },
    });
  }
  const kept = keepCopy(`${file}-wal`);
  warn(`The store goes on without what a damaged log has lost: ${describeDamage(log)}. The log is kept as "${kept}"`);
}

/** What is wrong with a log that lost commits, as the end of a sentence. */
export function describeDamage({ isReadable, sound, commitsBehind, told }: LogState): string {
  if (!isReadable) return 'its write-ahead log begins with something else';
  const behind = commitsBehind > 0 ? `${commitsBehind} commits stand behind the damage` : 'its end is missing';
  return `its write-ahead log is sound for ${sound} of ${Math.max(sound, told)} pages or more, and ${behind}`;
}

/** Checks what was opened: that all pages are there, and in a small database that they fit together. Throws STORE_FAILED. */
export function checkDatabase(database: DatabaseSync, file: string): void {
  const { size } = statSync(file);
  const pages = Number(database.prepare('PRAGMA page_count').get()?.['page_count'] ?? 0);
  const pageBytes = Number(database.prepare('PRAGMA page_size').get()?.['page_size'] ?? 0);
  // What is still in the log does not have to be in the file.
  if (!existsSync(`${file}-wal`) && size < pages * pageBytes) {
    throw new PlatformError('STORE_FAILED', `Cannot open the store: "${file}" has ${size} of ${pages * pageBytes} bytes`);
  }
  if (size > QUICK_CHECK_BYTES) return;
  const found = String(database.prepare('PRAGMA quick_check(1)').get()?.['quick_check']);
  if (found !== 'ok') throw new PlatformError('STORE_FAILED', `Cannot open the store: "${file}" is damaged: ${found}`);
}

/** Copies a file beside itself under a name that is free. */
function keepCopy(path: string): string {
  for (let number = 1; ; number += 1) {
    const copy = `${path}.damaged-${number}`;
    if (existsSync(copy)) continue;
    copyFileSync(path, copy, constants.COPYFILE_EXCL);
    return copy;
  }
}
