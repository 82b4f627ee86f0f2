import type { Readable } from 'node:stream';
import { MODULE_LINE_LIMIT_BYTES } from '@loopwright/protocol';

const LINE_FEED = 10;

/** What a {@link LineSplitter} tells its owner. */
export interface LineSplitterOptions {
  readonly limitBytes: number;
  /** Gets each line without its line feed. */
  readonly onLine: (line: string) => void;
  /** Called once for a line over the limit, when its first byte too much comes; its bytes are dropped, the next line is read as ever. */
  readonly onTooLong: () => void;
}

/** Cuts bytes into lines of UTF-8 text. Holds at most one line, and of it at most the limit. */
export class LineSplitter {
  readonly #options: LineSplitterOptions;
  #parts: Buffer[] = [];
  #size = 0;
  #skipping = false;

  constructor(options: LineSplitterOptions) {
    this.#options = options;
  }

  /** Bytes of an unfinished line that are held now. */
  get heldBytes(): number {
    return this.#size;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      // Nearly every line comes in one piece: then there is nothing to keep and to join.
      if (this.#size === 0 && !this.#skipping && end - start <= this.#options.limitBytes)
        this.#options.onLine(chunk.toString('utf8', start, end));
      else {
        this.#keep(chunk, start, end);
        this.#finish();
      }
      start = end + 1;
    }
    this.#keep(chunk, start, chunk.length);
  }

  #keep(chunk: Buffer, start: number, end: number): void {
    if (this.#skipping || end === start) return;
    this.#size += end - start;
    if (this.#size > this.#options.limitBytes) {
      this.#skipping = true;
      this.#parts = [];
      this.#size = 0;
      this.#options.onTooLong();
      return;
    }
    this.#parts.push(chunk.subarray(start, end));
  }

  #finish(): void {
    const [first, ...more] = this.#parts;
    const wasSkipped = this.#skipping;
    this.#parts = [];
    this.#size = 0;
    this.#skipping = false;
    if (wasSkipped) return;
    const bytes = first === undefined ? Buffer.alloc(0) : more.length === 0 ? first : Buffer.concat([first, ...more]);
    this.#options.onLine(bytes.toString('utf8'));
  }
}

/**
 * Lines of a byte stream as they come, for who reads one after the other. A line over the limit ends it with a `RangeError`; a last line without its end was
 * torn and is dropped.
 */
export async function* readLines(stream: Readable, limitBytes = MODULE_LINE_LIMIT_BYTES): AsyncGenerator<string> {
  const lines: string[] = [];
  let isTooLong = false;
  const splitter = new LineSplitter({ limitBytes, onLine: (line) => lines.push(line), onTooLong: () => (isTooLong = true) });
  for await (const chunk of stream) {
    splitter.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk)));
    yield* lines.splice(0);
    if (isTooLong) throw new RangeError(`Cannot read a line of more than ${limitBytes} bytes`);
  }
}
