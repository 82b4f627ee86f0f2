import { access, mkdir, open, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from './manifest.ts';
import type { ObjectStore } from './object-store.ts';

/** The folders of one restoration. */
export interface Restoration {
  /** The workspace of the run, which has `artifacts`. */
  readonly workspace: string;
  readonly rollbackId: string;
}

/** Where a rollback puts what was there, below the workspace. */
export function archiveOf(rollbackId: string): string {
  return `archive/${rollbackId}`;
}

/**
 * Writes the files of a manifest aside, each checked against its digest; nothing of the workspace is touched. Safe to repeat. Throws STORE_FAILED
 * when a content is damaged or not there.
 */
export async function stageWorkspace(restoration: Restoration, manifest: Manifest, objects: ObjectStore): Promise<void> {
  const { artifacts, archive, staging } = foldersOf(restoration);
  const isSwapped =
    (await isThere(join(archive, 'artifacts'))) && (await isThere(artifacts)) && !(await isThere(join(staging, 'artifacts')));
  if (isSwapped || (await isThere(join(staging, 'complete')))) return;
  await rm(staging, { recursive: true, force: true });
  await mkdir(join(staging, 'artifacts'), { recursive: true });
  for (const { path, digest } of manifest) await objects.writeTo(digest, join(staging, 'artifacts', path));
  await writeMark(join(staging, 'complete'));
}

/**
 * Puts what {@link stageWorkspace} wrote in the place of the artifacts, and what was there into the archive, whole. Safe to repeat after a crash
 * at any place: two renames follow one another, and the one that is missing is done.
 */
export async function swapWorkspace(restoration: Restoration): Promise<void> {
  const { artifacts, archive, staging } = foldersOf(restoration);
  if (await isThere(join(staging, 'complete'))) {
    await mkdir(archive, { recursive: true });
    if (!(await isThere(join(archive, 'artifacts')))) {
      if (await isThere(artifacts)) await rename(artifacts, join(archive, 'artifacts'));
      else await mkdir(join(archive, 'artifacts'));
    }
    if (await isThere(join(staging, 'artifacts'))) {
      // A step that was cancelled and had not ended yet may have written once more.
      if (await isThere(artifacts)) await rename(artifacts, join(archive, await freeName(archive)));
      await rename(join(staging, 'artifacts'), artifacts);
    }
  }
  await rm(staging, { recursive: true, force: true });
}

/** Takes {@link swapWorkspace} back; safe to repeat, and when it had not begun. */
export async function takeBack(restoration: Restoration): Promise<void> {
  const { artifacts, archive, staging } = foldersOf(restoration);
  const before = join(archive, 'artifacts');
  if (await isThere(before)) {
    const isRestored = !(await isThere(join(staging, 'artifacts'))) && (await isThere(artifacts));
    if (isRestored) {
      await mkdir(staging, { recursive: true });
      await rename(artifacts, join(staging, 'artifacts'));
    }
    await rename(before, artifacts);
  }
  await rm(staging, { recursive: true, force: true });
  await rmdir(archive).catch(() => undefined);
}

interface Folders {
  readonly artifacts: string;
  readonly archive: string;
  readonly staging: string;
}

function foldersOf({ workspace, rollbackId }: Restoration): Folders {
  return {
    artifacts: join(workspace, 'artifacts'),
    archive: join(workspace, archiveOf(rollbackId)),
    staging: join(workspace, `.rollback-${rollbackId}`),
  };
}

async function freeName(archive: string): Promise<string> {
  for (let number = 1; ; number += 1) if (!(await isThere(join(archive, `late-${number}`)))) return `late-${number}`;
}

async function writeMark(path: string): Promise<void> {
  await using file = await open(path, 'w');
  await file.datasync();
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
