import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionRecord } from '@loopwright/protocol';
import { type DayFileName, listDayFiles } from './day-parts.ts';
import { readCompleteLines } from './read-lines.ts';
import { parseRecord } from './record-line.ts';

const CHUNK_BYTES = 1024 * 1024;

/** How much is wanted: records, and bytes of their lines. */
export interface LatestLimits {
  readonly records: number;
  readonly bytes: number;
}

/**
 * The newest records in a folder of executions, the oldest of them first. Files are read from their end, so that a day of any size costs what is
 * wanted of it (a compressed one is read through). The writer is not disturbed; a file that goes meanwhile is left out.
 */
export async function latestRecords(folder: string, limits: LatestLimits): Promise<ExecutionRecord[]> {
  const found: ExecutionRecord[] = [];
  let { bytes } = limits;
  for (const file of newestFirst(await listDayFiles(folder))) {
    const missing = limits.records - found.length;
    if (missing <= 0 || bytes <= 0) break;
    const lines = await lastLines(join(folder, file.name), file.isCompressed, { records: missing, bytes });
    bytes -= lines.reduce((sum, line) => sum + line.length, 0);
    found.unshift(...lines.map(parseRecord).filter((record) => record !== undefined));
  }
  return found;
}

/** The newest day first, and of a day the part that grows. A part that is there twice, while it is compressed, comes once. */
function newestFirst(files: readonly DayFileName[]): DayFileName[] {
  const partOf = ({ part }: DayFileName): number => part ?? Infinity;
  const once = new Map<string, DayFileName>();
  for (const file of files) {
    const key = `${file.day} ${partOf(file)}`;
    if (file.isCompressed || !once.has(key)) once.set(key, file);
  }
  return [...once.values()].sort((one, other) =>
    one.day === other.day ? partOf(other) - partOf(one) : one.day < other.day ? 1 : -1,
  );
}

async function lastLines(path: string, isCompressed: boolean, limits: LatestLimits): Promise<string[]> {
  try {
    return isCompressed ? await lastOfAll(path, limits) : await lastFromEnd(path, limits);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

async function lastOfAll(path: string, limits: LatestLimits): Promise<string[]> {
  let lines: string[] = [];
  for await (const { text } of readCompleteLines(path)) {
    lines.push(text);
    if (lines.length > 2 * limits.records) lines = lines.slice(-limits.records);
  }
  return fitting(lines, limits);
}

async function lastFromEnd(path: string, limits: LatestLimits): Promise<string[]> {
  const file = await open(path, 'r');
  try {
    let position = (await file.stat()).size;
    const chunks: Buffer[] = [];
    for (let feeds = 0, held = 0; position > 0 && feeds <= limits.records && held <= limits.bytes;) {
      const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, position));
      position -= chunk.length;
      await file.read(chunk, 0, chunk.length, position);
      for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) feeds += 1;
      held += chunk.length;
      chunks.unshift(chunk);
    }
    const bytes = Buffer.concat(chunks);
    // What comes after the last line feed is being written; what comes before the first one is the end of a line, unless the file begins there.
    const begin = position === 0 ? 0 : bytes.indexOf(10) + 1;
    const text = bytes.toString('utf8', begin, Math.max(begin, bytes.lastIndexOf(10) + 1));
    return fitting(
      text.split('\n').filter((line) => line !== ''),
      limits,
    );
  } finally {
    await file.close();
  }
}

function fitting(lines: readonly string[], { records, bytes }: LatestLimits): string[] {
  let first = lines.length;
  for (let sum = 0; first > 0 && lines.length - first < records; first -= 1) {
    sum += lines[first - 1]?.length ?? 0;
    if (sum > bytes) break;
  }
  return lines.slice(first);
}
