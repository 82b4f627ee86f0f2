import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionRecord } from '@loopwright/protocol';
import { type DayFileName, listDayFiles } from './day-parts.ts';
import { readCompleteLines } from './read-lines.ts';
import { parseRecord } from './record-line.ts';

const CHUNK_BYTES = 1024 * 1024;

/** Of a compressed day, which can only be read from its beginning, no more than this is held, in characters. */
const HELD_CHARACTERS = 64 * 1024 * 1024;

/** How much is wanted: records, and characters of their lines. */
export interface LatestLimits {
  readonly records: number;
  readonly characters: number;
}

/**
 * The newest records in a folder of executions, the newest first, one after the other: a little of them is held at a time. Files are read from their end,
 * so that a day of any size costs what is wanted of it (a compressed one is read through). The writer is not disturbed; a file that goes meanwhile is left out.
 */
export async function* latestRecords(folder: string, limits: LatestLimits): AsyncGenerator<ExecutionRecord> {
  let { records, characters } = limits;
  for (const file of newestFirst(await listDayFiles(folder))) {
    const path = join(folder, file.name);
    const whole = file.isCompressed ? await endOf(path, records) : undefined;
    for await (const line of whole?.lines ?? linesFromEnd(path)) {
      characters -= line.length;
      if (records <= 0 || characters < 0) return;
      const record = parseRecord(line);
      if (record === undefined) continue;
      records -= 1;
      yield record;
    }
    // What was before it is older than what is missing now.
    if (whole?.isCut === true) return;
  }
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

/** The last lines of a compressed file, the last one first. `isCut`: there was no room for all that were wanted. */
async function endOf(path: string, records: number): Promise<{ lines: string[]; isCut: boolean }> {
  const lines: string[] = [];
  let first = 0;
  let held = 0;
  let isCut = false;
  for await (const { text } of readCompleteLines(path)) {
    lines.push(text);
    held += text.length;
    for (; lines.length - first > records || held > HELD_CHARACTERS; first += 1) {
      isCut ||= lines.length - first <= records;
      held -= lines[first]?.length ?? 0;
      lines[first] = '';
    }
  }
  return { lines: lines.slice(first).toReversed(), isCut };
}

/** The complete lines of a file, the last one first; none when there is no such file. */
async function* linesFromEnd(path: string): AsyncGenerator<string> {
  const file = await open(path, 'r').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined) return;
  try {
    let position = (await file.stat()).size;
    // The end of a line whose beginning is further ahead; at first what is being written behind the last line feed, which is left out.
    let rest: Buffer | undefined;
    while (position > 0) {
      const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, position));
      position -= chunk.length;
      await file.read(chunk, 0, chunk.length, position);
      const complete = rest === undefined ? chunk.subarray(0, chunk.lastIndexOf(10) + 1) : Buffer.concat([chunk, rest]);
      if (rest === undefined && complete.length === 0) continue;
      const begin = position === 0 ? 0 : complete.indexOf(10) + 1;
      const isWhole = position === 0 || (begin > 0 && begin < complete.length);
      rest = isWhole ? complete.subarray(0, begin) : complete;
      if (!isWhole) continue;
      const lines = complete.toString('utf8', begin).split('\n');
      for (let at = lines.length - 1; at >= 0; at -= 1) if (lines[at] !== '') yield lines[at] ?? '';
    }
  } finally {
    await file.close();
  }
}
