import { readFile, readlink, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing, renameDurably, writeDurably } from './durable-file.ts';

const linkName = 'active';
const markerName = '.active_version';

/**
 * Reads which version is active: the link `active` before the marker file. Both are replaced by a rename, so that a reader
 * sees the old or the new version and never neither. `null`: none.
 */
export async function readActive(folder: string): Promise<number | null> {
  try {
    const version = /^v([1-9]\d*)[\\/]?$/u.exec(await readlink(join(folder, linkName)))?.[1];
    if (version !== undefined) return Number(version);
  } catch (error) {
    // A folder or a file of this name is no pointer of ours; the marker decides.
    if (!isMissing(error) && !hasCode(error, ['EINVAL', 'UNKNOWN'])) throw error;
  }
  try {
    const text = (await readFile(join(folder, markerName), 'utf8')).trim();
    return /^[1-9]\d*$/u.test(text) ? Number(text) : null;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Points to a version in one step. Only for the holder of the folder's lock. `useLink: false` writes the marker file. */
export async function writeActive(folder: string, version: number, useLink: boolean): Promise<void> {
  const next = join(folder, `.${linkName}.next`);
  await rm(next, { force: true });
  if (useLink && (await tryLink(`v${version}`, next))) {
    await renameDurably(next, join(folder, linkName), folder);
    await rm(join(folder, markerName), { force: true });
    return;
  }
  await writeDurably(next, `${version}\n`);
  await renameDurably(next, join(folder, markerName), folder);
  // A link from better days would hide the marker.
  await rm(join(folder, linkName), { force: true });
}

async function tryLink(target: string, path: string): Promise<boolean> {
  try {
    await symlink(target, path, 'dir');
    return true;
  } catch (error) {
    if (hasCode(error, ['EPERM', 'EACCES', 'ENOSYS', 'EOPNOTSUPP', 'ENOTSUP'])) return false;
    throw error;
  }
}

function hasCode(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
