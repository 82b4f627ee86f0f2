import { existsSync, statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { PlatformError } from '@loopwright/protocol';
import type { Durability } from './sqlite-store.ts';
import { type LogState, hasLostCommits, readLog } from './write-ahead-log.ts';

/** The largest database that is checked page by page at every start, in bytes; that takes some tens of milliseconds. `doctor` checks any. */
const QUICK_CHECK_BYTES = 16 * 1024 * 1024;

/**
 * Checks the files of a store before SQLite repairs them in its way: a log that lost acknowledged commits is refused, whatever the durability. What a
 * loss of power cut off with `process` is none of those, and `warn` is told. Throws STORE_FAILED.
 */
export function checkLog(file: string, { durability, warn }: { durability: Durability; warn: (message: string) => void }): void {
  const log = readLog(file);
  if (log === undefined) return;
  if (hasLostCommits(log, durability)) {
    const { sound, told, commitsBehind } = log;
    throw new PlatformError('STORE_FAILED', `Cannot open the store: ${describeDamage(log)}. To start would lose that: ${FIX}`, {
      details: {
        file: `${file}-wal`,
        sound_pages: sound,
        known_pages: Math.max(sound, told),
        commits_behind: commitsBehind,
        fix: FIX,
      },
    });
  }
  if (log.told > log.sound)
    warn(`The machine went down before the last work was on the disk, which durability "process" allows: ${describeDamage(log)}`);
}

/** What to do about a log that lost commits. */
export const FIX =
  'Bring the log back from a copy, or run "loopwright doctor --accept-loss" to put it aside and go on without what it lost';

/** What is wrong with a log that lost commits, as the end of a sentence. */
export function describeDamage({ isReadable, sound, commitsBehind, told }: LogState): string {
  if (!isReadable) return 'its write-ahead log begins with something else, and nothing of it can be read';
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
