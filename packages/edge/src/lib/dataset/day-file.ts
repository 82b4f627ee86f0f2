import { closeSync, fdatasync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

const LINE_FEED = 10;
/** Lines up to this many characters get the room that they may need at most, and are not measured first. */
const SHORT_CHARS = 4096;
const BYTES_PER_CHAR = 3;
/** A buffer larger than this is used once. */
const BUFFER_KEPT_BYTES = 1024 * 1024;

/** Is used again and again: what is in it was handed to the kernel before anything else is put there. */
let buffer = Buffer.allocUnsafeSlow(128 * 1024);

/** Where lines with their line feeds have room. */
function roomFor(lines: readonly string[]): Buffer {
  let bytes = 0;
  for (const line of lines) bytes += 1 + (line.length > SHORT_CHARS ? Buffer.byteLength(line) : line.length * BYTES_PER_CHAR);
  if (bytes <= buffer.length) return buffer;
  const larger = Buffer.allocUnsafeSlow(bytes);
  if (bytes <= BUFFER_KEPT_BYTES) buffer = larger;
  return larger;
}

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

  /** Adds lines (without their line feeds), all or none of them; gives the size of the file behind each. Throws what the file system says. */
  append(lines: readonly string[]): number[] {
    const bytes = roomFor(lines);
    let length = 0;
    const ends = lines.map((line) => {
      length += bytes.write(line, length);
      bytes[length] = LINE_FEED;
      length += 1;
      return this.#size + length;
    });
    try {
      for (let written = 0; written < length;) written += writeSync(this.#file, bytes, written, length - written);
      this.#size += length;
      return ends;
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
