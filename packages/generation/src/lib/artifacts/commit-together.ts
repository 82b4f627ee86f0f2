import { copyFile, link, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, type Random } from '@loopwright/protocol';
import { type StagedWrite, stageWrite } from './staged-write.ts';
import { makeFolders, type Target } from './target.ts';

/** An admitted artifact: the names of its path and its bytes. */
export interface PlannedWrite {
  readonly names: readonly string[];
  readonly content: Uint8Array;
}

/**
 * Writes files so that all of them are there or none: every content is staged first, then put into place; the first failure puts
 * the old files back and removes the folders that were made. A crash in the middle of putting into place can leave some of them.
 */
export async function commitTogether(
  writes: readonly (PlannedWrite & { readonly target: Target })[],
  random: Random,
): Promise<{ index: number; reason: string } | undefined> {
  const staged: StagedWrite[] = [];
  const undo: (() => Promise<void>)[] = [];
  const backups: string[] = [];
  let index = 0;
  try {
    for (const { target, content } of writes) {
      for (const folder of target.missingFolders) undo.push(() => removeIfEmpty(folder));
      await makeFolders(target);
      staged.push(await stageWrite(target, content, random.uuid()));
      index += 1;
    }
    index = 0;
    for (const { target } of writes) {
      if (target.exists) {
        const backup = join(target.folder, `.loopwright-${random.uuid()}.old`);
        backups.push(backup);
        await keepBeside(target.file, backup);
        undo.push(() => putBack(backup, target.file));
      }
      await staged[index]?.commit(true);
      if (!target.exists) undo.push(() => rm(target.file, { force: true }));
      index += 1;
    }
  } catch (error) {
    for (const write of staged) await write.discard();
    const stuck: unknown[] = [];
    for (const step of undo.toReversed()) await step().catch((failure: unknown) => stuck.push(failure));
    const rest = stuck.length === 0 ? '' : `; putting back failed as well: ${stuck.map(messageOf).join('; ')}`;
    return { index, reason: messageOf(error) + rest };
  }
  for (const backup of backups) await rm(backup, { force: true });
  return undefined;
}

/** Gives a file a second name, so that it is never without its first one; where a file cannot have two, copies it. */
async function keepBeside(file: string, backup: string): Promise<void> {
  await link(file, backup).catch(() => copyFile(file, backup));
}

async function putBack(backup: string, file: string): Promise<void> {
  await rename(backup, file);
  // Two names of one file: then the renaming did nothing, and said nothing.
  await rm(backup, { force: true });
}

async function removeIfEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch(() => undefined);
}
