import { access, mkdir, open, rename, rm } from 'node:fs/promises';
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
 * Makes the artifacts of a workspace those of a manifest; what was there is moved to the archive, whole. Safe to repeat after a crash at any
 * place: everything is written aside first, then two renames follow one another, and what is missing of them is done.
 */
export async function restoreWorkspace({ workspace, rollbackId }: Restoration, manifest: Manifest, objects: ObjectStore): Promise<void> {
  const artifacts = join(workspace, 'artifacts');
  const archive = join(workspace, archiveOf(rollbackId));
  const staging = join(workspace, `.rollback-${rollbackId}`);
  if ((await isThere(join(archive, 'artifacts'))) && (await isThere(artifacts)) && !(await isThere(staging))) return;
  if (!(await isThere(join(staging, 'complete')))) {
    await rm(staging, { recursive: true, force: true });
    await mkdir(join(staging, 'artifacts'), { recursive: true });
    for (const { path, digest } of manifest) await objects.writeTo(digest, join(staging, 'artifacts', path));
    await writeMark(join(staging, 'complete'));
  }
  await mkdir(archive, { recursive: true });
  if (!(await isThere(join(archive, 'artifacts')))) {
    if (await isThere(artifacts)) await rename(artifacts, join(archive, 'artifacts'));
    else await mkdir(join(archive, 'artifacts'));
  }
  if (!(await isThere(artifacts))) await rename(join(staging, 'artifacts'), artifacts);
  await rm(staging, { recursive: true, force: true });
}

/** Takes {@link restoreWorkspace} back; safe to repeat, and when it had not begun. */
export async function takeBack({ workspace, rollbackId }: Restoration): Promise<void> {
  const archive = join(workspace, archiveOf(rollbackId));
  const staging = join(workspace, `.rollback-${rollbackId}`);
  if (await isThere(join(archive, 'artifacts'))) {
    await mkdir(staging, { recursive: true });
    const artifacts = join(workspace, 'artifacts');
    await rm(join(staging, 'artifacts'), { recursive: true, force: true });
    if (await isThere(artifacts)) await rename(artifacts, join(staging, 'artifacts'));
    await rename(join(archive, 'artifacts'), artifacts);
  }
  await rm(staging, { recursive: true, force: true });
  await rm(archive, { recursive: true, force: true });
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
