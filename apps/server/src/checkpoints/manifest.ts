import { constants, type Dirent } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PlatformError } from '@loopwright/protocol';
import { z } from 'zod';
import { CHECKPOINT_LIMITS } from './limits.ts';
import type { ObjectStore } from './object-store.ts';

const pathSchema = z
  .string()
  .min(1)
  .max(8192)
  .refine((path) => path.split('/').every((name) => name !== '' && name !== '.' && name !== '..') && !path.includes('\0'));
const manifestSchema = z
  .array(z.strictObject({ path: pathSchema, digest: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.int().nonnegative() }))
  .max(CHECKPOINT_LIMITS.files);

/** One file of a checkpoint. */
export interface ManifestFile {
  /** Below `artifacts`, with "/" between the names. */
  readonly path: string;
  readonly digest: string;
  readonly bytes: number;
}
/** The files of a workspace, in code-unit order of their paths. */
export type Manifest = readonly ManifestFile[];

/** What was kept of a workspace. */
export interface Captured {
  readonly manifest: Manifest;
  /** Why not everything was kept; `null` when it was. */
  readonly incomplete: string | null;
}

/**
 * Keeps the content of every file below a folder and gives the list of them. Links are not followed and not kept, nor is what is being written
 * (`.loopwright-….tmp`). What is over a limit or changes while it is read makes the list incomplete, with the reason.
 */
export async function captureFiles(root: string, objects: ObjectStore): Promise<Captured> {
  const files: ManifestFile[] = [];
  let left: number = CHECKPOINT_LIMITS.bytes;
  const folders = [{ path: '', depth: 0 }];
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    for (const entry of await entriesOf(join(root, folder.path))) {
      const path = folder.path === '' ? entry.name : `${folder.path}/${entry.name}`;
      if (entry.isDirectory()) {
        if (folder.depth + 1 >= CHECKPOINT_LIMITS.depth)
          return tooMuch(files, `folders are nested deeper than ${CHECKPOINT_LIMITS.depth}`);
        folders.push({ path, depth: folder.depth + 1 });
        continue;
      }
      if (!entry.isFile() || /^\.loopwright-.*\.tmp$/.test(entry.name)) continue;
      if (files.length >= CHECKPOINT_LIMITS.files) return tooMuch(files, `there are more than ${CHECKPOINT_LIMITS.files} files`);
      const kept = await keep(join(root, path), objects, left);
      if (kept === undefined)
        return tooMuch(
          files,
          `"${path.slice(0, 300)}" cannot be read, or the files have more than ${CHECKPOINT_LIMITS.bytes} bytes`,
        );
      left -= kept.bytes;
      files.push({ path, ...kept });
    }
  }
  return { manifest: sorted(files), incomplete: null };
}

function tooMuch(files: readonly ManifestFile[], incomplete: string): Captured {
  return { manifest: sorted(files), incomplete };
}

function sorted(files: readonly ManifestFile[]): Manifest {
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

async function keep(path: string, objects: ObjectStore, limit: number): Promise<{ digest: string; bytes: number } | undefined> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const found = await handle.stat();
    if (!found.isFile() || found.size > limit) return undefined;
    return await objects.keepFile(handle, limit);
  } finally {
    await handle.close();
  }
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  const found = await lstat(folder).catch(() => undefined);
  if (found?.isDirectory() !== true) return [];
  return readdir(folder, { withFileTypes: true });
}

/** Keeps a list of files as an object; gives its digest. */
export async function keepManifest(manifest: Manifest, objects: ObjectStore): Promise<string> {
  return (await objects.keepText(JSON.stringify(manifest))).digest;
}

/** Reads a list of files back. Throws STORE_FAILED when it is damaged. */
export async function readManifest(digest: string, objects: ObjectStore): Promise<Manifest> {
  const parsed = manifestSchema.safeParse(
    JSON.parse((await objects.read(digest, CHECKPOINT_LIMITS.manifestBytes)).toString('utf8')),
  );
  if (parsed.success) return parsed.data;
  throw new PlatformError('STORE_FAILED', 'Cannot read the list of files of a checkpoint: it is damaged');
}
