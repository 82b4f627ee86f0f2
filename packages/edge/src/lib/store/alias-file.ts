import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PlatformError, type RolloutPlan, aliasNameSchema, messageOf, rolloutPlanSchema } from '@loopwright/protocol';
import { z } from 'zod';
import { isMissing, renameDurably, writeDurably } from './durable-file.ts';

/** Where an alias points, and the rollout beside it. */
interface AliasPointer {
  readonly version: number;
  /** `null`: the version is served alone. */
  readonly rollout: RolloutPlan | null;
}

/** Where the aliases of a program point, by their names; `active` has a place of its own. */
export type AliasPointers = ReadonlyMap<string, AliasPointer>;

const pointersSchema = z.record(
  aliasNameSchema,
  z.object({ version: z.int().min(1).max(999_999_999), rollout: rolloutPlanSchema.nullable().default(null) }),
);

const fileName = 'aliases.json';

/** Reads all aliases of a program but `active`, as they were at one instant. @throws PlatformError STORE_FAILED: the file is none of ours. */
export async function readAliases(folder: string): Promise<AliasPointers> {
  const path = join(folder, fileName);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return new Map();
    throw error;
  }
  try {
    return new Map(Object.entries(pointersSchema.parse(JSON.parse(text))));
  } catch (error) {
    throw new PlatformError('STORE_FAILED', `Cannot read "${path}": ${messageOf(error)}`.slice(0, 1000), { cause: error });
  }
}

/** Replaces them in one step. Only for the holder of the folder's lock. */
export async function writeAliases(folder: string, pointers: AliasPointers): Promise<void> {
  const next = join(folder, '.aliases.next');
  await rm(next, { force: true });
  await writeDurably(next, `${JSON.stringify(Object.fromEntries(pointers))}\n`);
  await renameDurably(next, join(folder, fileName), folder);
}
