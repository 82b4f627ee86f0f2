import { FRAME_HEAD_BYTES } from './frame.ts';

/** What a {@link FrameSplitter} tells its owner. */
export interface FrameSplitterOptions {
  readonly limitBytes: number;
  /** Gets what a frame holds, and the byte that says how it is written. */
  readonly onFrame: (formatByte: number, data: Buffer) => void;
  /** Called once for a frame over the limit, as soon as it says its length; its bytes are dropped, the next frame is read as ever. */
  readonly onTooLong: () => void;
}

/** Cuts bytes into frames. Holds at most one frame, and nothing of one over the limit; room is made for what has come, not for what a length promises. */
export class FrameSplitter {
  readonly #options: FrameSplitterOptions;
  #parts: Buffer[] = [];
  #held = 0;
  /** Bytes of the frame that is open, with its head; `undefined` until the head is there. */
  #whole: number | undefined;
  /** Of a frame over the limit, the bytes that are still to come. */
  #skipping = 0;

  constructor(options: FrameSplitterOptions) {
    this.#options = options;
  }

  /** Bytes of an unfinished frame that are held now. */
  get heldBytes(): number {
    return this.#held;
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) rest = this.#skipping > 0 ? this.#skip(rest) : this.#take(rest);
  }

  #skip(chunk: Buffer): Buffer {
    const skipped = Math.min(this.#skipping, chunk.length);
    this.#skipping -= skipped;
    return chunk.subarray(skipped);
  }

  /** Takes what belongs to the frame that is open, and gives the rest. */
  #take(chunk: Buffer): Buffer {
    const missing = (this.#whole ?? FRAME_HEAD_BYTES) - this.#held;
    const own = chunk.subarray(0, missing);
    this.#parts.push(own);
    this.#held += own.length;
    if (own.length === missing) this.#complete();
    return chunk.subarray(own.length);
  }

  /** The head is there, or the frame. */
  #complete(): void {
    const [only, ...others] = this.#parts;
    const all = only !== undefined && others.length === 0 ? only : Buffer.concat(this.#parts);
    const length = all.readUInt32BE();
    if (this.#whole === undefined && length > this.#options.limitBytes) {
      this.#clear();
      this.#skipping = length;
      this.#options.onTooLong();
    } else if (this.#whole === undefined && length > 0) {
      this.#whole = FRAME_HEAD_BYTES + length;
      this.#parts = [all];
    } else {
      this.#clear();
      this.#options.onFrame(all[FRAME_HEAD_BYTES - 1] ?? -1, all.subarray(FRAME_HEAD_BYTES));
    }
  }

  #clear(): void {
    this.#parts = [];
    this.#held = 0;
    this.#whole = undefined;
  }
}
