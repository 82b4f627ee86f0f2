import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Day, daySchema } from './day.ts';

/** Parts of a data set that retention can remove. */
export type DatasetPart = 'executions' | 'validations' | 'analytics';
const DATASET_PARTS: readonly DatasetPart[] = ['executions', 'validations', 'analytics'];

/** A file of one day of a data set. */
export interface DatedFile {
  readonly path: string;
  readonly day: Day;
  readonly part: DatasetPart;
}

const fileNames: Readonly<Record<DatasetPart, RegExp>> = {
  executions: /^(\d{4}-\d{2}-\d{2})(?:\.\d+)?\.jsonl(?:\.gz)?$/u,
  validations: /^sampled-(\d{4}-\d{2}-\d{2})(?:\.\d+)?\.jsonl(?:\.gz)?$/u,
  analytics: /^(?:daily-stats|figures)-(\d{4}-\d{2}-\d{2})\.json$/u,
};

/** The files of a data set; such with other names are left out. */
export async function datedFiles(folder: string, parts: readonly DatasetPart[] = DATASET_PARTS): Promise<DatedFile[]> {
  const files: DatedFile[] = [];
  for (const part of parts) {
    for (const name of await namesIn(join(folder, part))) {
      const day = fileNames[part].exec(name)?.[1];
      if (day !== undefined && daySchema.safeParse(day).success) files.push({ path: join(folder, part, name), day, part });
    }
  }
  return files;
}

/**
 * Deletes the oldest days of executions and validations of all data sets in a folder until what is left has no more bytes than allowed. A
 * day that is under way is never deleted.
 *
 * @returns how many files were deleted, and the bytes that are left
 */
export async function deleteOverSize(
  datasets: string,
  {
    maxBytes,
    today,
    onDelete,
  }: {
    maxBytes: number;
    today: Day;
    /** Called with the data set and the day before a file of executions is deleted. */
    onDelete: (taskId: string, day: Day) => Promise<void>;
  },
): Promise<{ deleted: number; bytes: number }> {
  const sized: (DatedFile & { taskId: string; bytes: number })[] = [];
  for (const taskId of await namesIn(datasets))
    for (const file of await datedFiles(join(datasets, taskId))) sized.push({ ...file, taskId, bytes: await sizeOf(file.path) });
  let bytes = sized.reduce((sum, file) => sum + file.bytes, 0);
  let deleted = 0;
  const candidates = sized.filter(({ day, part }) => day < today && part !== 'analytics');
  for (const { path, taskId, day, part, bytes: freed } of candidates.sort((one, other) => (one.day < other.day ? -1 : 1))) {
    if (bytes <= maxBytes) break;
    if (part === 'executions') await onDelete(taskId, day);
    await rm(path, { force: true });
    bytes -= freed;
    deleted += 1;
  }
  return { deleted, bytes };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    // A folder that is gone holds nothing.
    return [];
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}
