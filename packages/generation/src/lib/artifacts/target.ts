import type { Stats } from 'node:fs';
import { lstat, mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { ArtifactProcessorError } from './artifact-processor-error.ts';

/** What lies where an artifact is to go. */
export interface Target {
  readonly file: string;
  readonly folder: string;
  readonly exists: boolean;
  /** Folders of the path that are missing, outermost first. */
  readonly missingFolders: readonly string[];
}

/**
 * Looks at the place of an artifact without changing anything. A symbolic link anywhere below the base is refused, for it
 * could lead out of it; so is anything at the place that is not an ordinary file.
 */
export async function inspectTarget(base: string, names: readonly string[]): Promise<Target> {
  const missingFolders: string[] = [];
  let folder = base;
  for (const name of names.slice(0, -1)) {
    folder = join(folder, name);
    const stats = missingFolders.length > 0 ? undefined : await lstatOrNothing(folder);
    if (stats === undefined) missingFolders.push(folder);
    else if (stats.isSymbolicLink()) throw refused(`"${name}" is a symbolic link`);
    else if (!stats.isDirectory()) throw refused(`"${name}" is not a folder`);
  }
  const file = join(folder, names.at(-1) ?? '');
  const stats = missingFolders.length > 0 ? undefined : await lstatOrNothing(file);
  if (stats?.isSymbolicLink()) throw refused('the file is a symbolic link');
  if (stats !== undefined && !stats.isFile()) throw refused('something that is not a file has its name');
  return { file, folder, exists: stats !== undefined, missingFolders };
}

/** Makes the missing folders one by one and makes sure that the last one is still where its path says. */
export async function makeFolders(target: Target): Promise<void> {
  for (const folder of target.missingFolders) {
    await mkdir(folder).catch((error: unknown) => {
      if (!isErrno(error, 'EEXIST')) throw error;
    });
  }
  if ((await realpath(target.folder)) !== target.folder) throw refused('a folder of the path is a symbolic link');
}

/** Whether an error of the file system has this code. */
export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/** What `lstat` says, or nothing where nothing is. */
export async function lstatOrNothing(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function refused(reason: string): ArtifactProcessorError {
  return new ArtifactProcessorError(reason);
}
