import { readdir, rename, rm, stat } from 'node:fs/promises';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type Day, daySchema } from './day.ts';

/** Where the lines of a day are: in parts that are closed, the first is 0, and in one that still grows. */
export interface DayParts {
  readonly day: Day;
  /** Paths of the closed parts in order; a part that exists plain and compressed is given once. */
  readonly closed: readonly string[];
  /** Path of the part that grows, whether it exists or not. Its number is that of closed parts. */
  readonly open: string;
}

const fileName = /^(?<prefix>sampled-)?(?<day>\d{4}-\d{2}-\d{2})(?:\.(?<part>\d{1,6}))?\.jsonl(?<gz>\.gz)?$/u;

/** A file of the lines of a day. */
export interface DayFileName {
  readonly name: string;
  readonly day: Day;
  /** Number of the closed part; `undefined` for the one that grows. */
  readonly part: number | undefined;
  readonly isCompressed: boolean;
}

/** The files of lines in a folder. Other names are left out; a folder that does not exist has none. */
export async function listDayFiles(folder: string): Promise<DayFileName[]> {
  return (await namesIn(folder)).flatMap((name) => {
    const { day, part, gz } = fileName.exec(name)?.groups ?? {};
    if (day === undefined || !daySchema.safeParse(day).success) return [];
    return [{ name, day, part: part === undefined ? undefined : Number(part), isCompressed: gz !== undefined }];
  });
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** Looks for the parts of a day. `prefix` is what the names of the files begin with. */
export async function partsOf(folder: string, day: Day, prefix = ''): Promise<DayParts> {
  const closed: string[] = [];
  for (const { name, part, isCompressed, day: other } of await listDayFiles(folder))
    // The compressed one is whole as soon as it has its name; the plain one may go at any time.
    if (other === day && part !== undefined && (isCompressed || closed[part] === undefined)) closed[part] = join(folder, name);
  return {
    day,
    closed: closed.filter((path) => path !== undefined),
    open: join(folder, `${prefix}${daySchema.parse(day)}.jsonl`),
  };
}

/** Closes what still grows of the days before a day, so that what comes later starts a new part. Nobody may write meanwhile. */
export async function closeBefore(folder: string, day: Day, prefix = ''): Promise<void> {
  for (const { name, day: other, part } of await listDayFiles(folder)) {
    if (other >= day || part !== undefined) continue;
    const path = join(folder, name);
    const { closed } = await partsOf(folder, other, prefix);
    if ((await stat(path)).size === 0) await rm(path, { force: true });
    else await rename(path, join(folder, `${prefix}${other}.${closed.length}.jsonl`));
  }
}

/**
 * Compresses the closed parts of the days before a day. A crash at any instant leaves each line in one place that readers look at.
 *
 * @returns how many files were compressed
 */
export async function compressClosed(folder: string, day: Day): Promise<number> {
  let compressed = 0;
  for (const { name, day: other, part, isCompressed } of await listDayFiles(folder)) {
    if (other >= day || isCompressed || part === undefined) continue;
    const plain = join(folder, name);
    const next = `${plain}.gz.next`;
    await pipeline(createReadStream(plain), createGzip(), createWriteStream(next, { mode: 0o600, flush: true }));
    await rename(next, `${plain}.gz`);
    await rm(plain, { force: true });
    compressed += 1;
  }
  return compressed;
}
