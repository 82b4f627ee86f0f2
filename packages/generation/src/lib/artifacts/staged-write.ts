import { link, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno, type Target } from './target.ts';

/** A file whose content is on the disk under a temporary name beside its place. */
export interface StagedWrite {
  /** Puts the file into place in one step. Gives `false`, and changes nothing, when a file came first and is to be kept. */
  commit(overwrite: boolean): Promise<boolean>;
  /** Removes the temporary file. Does nothing after `commit`. */
  discard(): Promise<void>;
}

/** Writes a content beside its place, durably. `token` makes the temporary name its own. */
export async function stageWrite(target: Target, content: Uint8Array, token: string): Promise<StagedWrite> {
  const temporary = join(target.folder, `.loopwright-${token}.tmp`);
  const discard = (): Promise<void> => rm(temporary, { force: true });
  try {
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    await discard();
    throw error;
  }
  return {
    discard,
    commit: async (overwrite) => {
      if (overwrite) {
        await rename(temporary, target.file);
        return true;
      }
      try {
        await link(temporary, target.file);
        return true;
      } catch (error) {
        if (isErrno(error, 'EEXIST')) return false;
        throw error;
      } finally {
        await discard();
      }
    },
  };
}
