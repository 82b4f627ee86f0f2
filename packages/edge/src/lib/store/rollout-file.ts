import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type RolloutPlan, rolloutPlanSchema } from '@loopwright/protocol';
import { isMissing, renameDurably, syncFolder, writeDurably } from './durable-file.ts';

const fileName = 'rollout.json';

/** Reads the rollout of a program; `null`: there is none. A file that is none of ours counts as none: the active version is served alone. */
export async function readRollout(folder: string): Promise<RolloutPlan | null> {
  try {
    return rolloutPlanSchema.safeParse(JSON.parse(await readFile(join(folder, fileName), 'utf8'))).data ?? null;
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Replaces the rollout of a program in one step, or ends it (`null`). Only for the holder of the folder's lock. */
export async function writeRollout(folder: string, plan: RolloutPlan | null): Promise<void> {
  if (plan === null) {
    await rm(join(folder, fileName), { force: true });
    await syncFolder(folder);
    return;
  }
  const next = join(folder, '.rollout.next');
  await rm(next, { force: true });
  await writeDurably(next, `${JSON.stringify(plan)}\n`);
  await renameDurably(next, join(folder, fileName), folder);
}
