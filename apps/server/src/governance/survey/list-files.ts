import { type Dirent, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SURVEY_LIMITS } from './limits.ts';

/** What stands in a folder and below. */
export interface Listing {
  /** Paths with "/" below the root, in code-unit order, with their sizes. */
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  /** Symbolic links, pipes, sockets and devices. */
  readonly links: readonly string[];
  readonly left: string | null;
}

/** Folders of tools, which are nobody's work. */
const NOT_OURS = new Set(['node_modules', '.git']);

/** Lists a workspace, up to a number of files and folders; follows no link. A folder that is not there is empty. */
export function listFiles(root: string, maxEntries: number = SURVEY_LIMITS.entries): Listing {
  const files: { path: string; bytes: number }[] = [];
  const links: string[] = [];
  let left: string | null = null;
  let entries = 0;
  const folders: { path: string; depth: number }[] = [{ path: '', depth: 0 }];
  for (let folder = folders.shift(); folder !== undefined && entries <= maxEntries; folder = folders.shift()) {
    for (const entry of entriesOf(root, folder.path)) {
      const path = folder.path === '' ? entry.name : `${folder.path}/${entry.name}`;
      entries += 1;
      if (entries > maxEntries) {
        left = `the workspace has more than ${maxEntries} files and folders`;
        break;
      }
      if (entry.isDirectory()) {
        if (NOT_OURS.has(entry.name)) continue;
        if (folder.depth + 1 < SURVEY_LIMITS.depth) folders.push({ path, depth: folder.depth + 1 });
        else left = `the folder "${path.slice(0, 200)}" is nested deeper than ${SURVEY_LIMITS.depth} levels`;
      } else if (entry.isFile()) {
        const bytes = sizeOf(join(root, path));
        if (bytes !== undefined) files.push({ path, bytes });
      } else links.push(path);
    }
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { files, links: links.sort(), left };
}

function entriesOf(root: string, path: string): Dirent[] {
  try {
    const folder = join(root, path);
    if (!lstatSync(folder).isDirectory()) return [];
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}

function sizeOf(path: string): number | undefined {
  try {
    return lstatSync(path).size;
  } catch {
    return undefined;
  }
}
