import { closeSync, fdatasync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * A file of lines that only grows. What {@link append} returned from is in the hands of the kernel: it survives the end of this
 * process; after {@link sync} it survives the loss of power too. One process may write to it.
 */
export class DayFile {
  readonly #file: number;
  #size: number;
  /** Whether the file ended in the middle of a line, which was then cut off. */
  readonly wasTorn: boolean;

  constructor(path: string) {
    this.#file = openSync(path, 'a+', 0o600);
    const size = fstatSync(this.#file).size;
    this.#size = lastLineEnd(this.#file, size);
    this.wasTorn = this.#size < size;
    if (this.wasTorn) ftruncateSync(this.#file, this.#size);
  }

  /** Bytes of whole lines. */
  get size(): number {
    return this.#size;
  }

  /** Adds whole lines, all or none of them. Throws what the file system says. */
  append(lines: string): void {
    const bytes = Buffer.from(lines, 'utf8');
    try {
      for (let written = 0; written < bytes.length;) written += writeSync(this.#file, bytes, written);
      this.#size += bytes.length;
    } catch (error) {
      this.#cutBack();
      throw error;
    }
  }

  /** Brings all that was appended to the disk. */
  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fdatasync(this.#file, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  close(): void {
    closeSync(this.#file);
  }

  /** After a disk that became full in the middle of a line. */
  #cutBack(): void {
    try {
      ftruncateSync(this.#file, this.#size);
    } catch {
      // The error of the write is the one to report; a torn line is repaired at the next opening.
    }
  }
}

/** Brings the names in the folder of a file to the disk. */
export function syncFolderOf(path: string): void {
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** The position after the last line feed. */
function lastLineEnd(file: number, size: number): number {
  const chunk = Buffer.alloc(64 * 1024);
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - chunk.length);
    const read = readSync(file, chunk, 0, end - start, start);
    const index = chunk.subarray(0, read).lastIndexOf(10);
    if (index !== -1) return start + index + 1;
    end = start;
  }
  return 0;
}
