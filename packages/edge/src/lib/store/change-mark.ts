import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from './durable-file.ts';

const markName = '.moved';

let marks = 0;

/** Another text than before when a pointer of a program in the folder may have moved; `''` until one has. */
export async function readChangeMark(root: string): Promise<string> {
  try {
    return await readFile(join(root, markName), 'utf8');
  } catch (error) {
    if (isMissing(error)) return '';
    throw error;
  }
}

/** Says that a pointer has moved, after it has. Where that fails the move has been made all the same: readers look at every pointer from time to time. */
export async function writeChangeMark(root: string, now: number): Promise<void> {
  marks += 1;
  await writeFile(join(root, markName), `${now} ${process.pid} ${marks}\n`).catch(() => undefined);
}
