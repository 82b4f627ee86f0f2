import { HTTP_WINDOW_BYTES } from '@loopwright/protocol';

/** What an {@link IncomingBody} tells its owner. */
export interface IncomingBodyOptions {
  /** The reader took so many bytes: the sender may send as many more. */
  readonly onTaken: (bytes: number) => void;
  /** The reader does not want the rest. */
  readonly onCancel: () => void;
  /** Somebody waits for a piece that is not there, or does not any more. */
  readonly onWait?: (waits: boolean) => void;
}

/** Pieces that wait are joined up to here. */
const SMALL_BYTES = 4096;
/** Bytes after which the sender is told that there is room; each piece on its own would double the messages. */
const TELL_AFTER_BYTES = HTTP_WINDOW_BYTES / 5;

/** A streamed body that comes in pieces. Holds at most {@link HTTP_WINDOW_BYTES} that nobody has read. */
export class IncomingBody {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #options: IncomingBodyOptions;
  readonly #pieces: Uint8Array[] = [];
  #held = 0;
  #taken = 0;
  #free = 0;
  #end: { readonly error?: Error } | undefined;
  #wanted: (() => void) | undefined;

  constructor(options: IncomingBodyOptions) {
    this.#options = options;
    this.stream = new ReadableStream<Uint8Array>(
      { pull: (controller) => this.#pull(controller), cancel: () => this.#cancel() },
      {
        highWaterMark: 0,
      },
    );
  }

  /** Adds a piece. Gives `false` when it is more than the sender may have sent. */
  push(bytes: Uint8Array): boolean {
    if (this.#end !== undefined) return true;
    this.#held += bytes.length;
    if (this.#held + this.#taken - this.#free > HTTP_WINDOW_BYTES) return false;
    const last = this.#pieces.at(-1);
    // A body of single bytes must not cost a hundred times its size.
    if (last !== undefined && last.length < SMALL_BYTES) this.#pieces[this.#pieces.length - 1] = Buffer.concat([last, bytes]);
    else if (bytes.length > 0) this.#pieces.push(bytes);
    this.#wanted?.();
    return true;
  }

  /** Adds what came with the head; it counts to nobody's window. */
  prepend(bytes: Uint8Array): void {
    this.#free = bytes.length;
    this.#held += bytes.length;
    this.#pieces.push(bytes);
  }

  /** No more comes: all is there, or it broke off. */
  finish(error?: Error): void {
    this.#end ??= error === undefined ? {} : { error };
    if (error !== undefined) this.#pieces.length = 0;
    this.#wanted?.();
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    if (this.#pieces.length === 0 && this.#end === undefined) {
      this.#options.onWait?.(true);
      await new Promise<void>((resolve) => (this.#wanted = resolve));
      this.#wanted = undefined;
      if (this.#end === undefined) this.#options.onWait?.(false);
    }
    const piece = this.#pieces.shift();
    if (piece !== undefined) {
      controller.enqueue(piece);
      this.#take(piece.length);
    } else if (this.#end?.error === undefined) controller.close();
    else controller.error(this.#end.error);
  }

  #take(bytes: number): void {
    this.#held -= bytes;
    this.#taken += bytes - this.#free;
    this.#free = 0;
    if (this.#taken < TELL_AFTER_BYTES || this.#end !== undefined) return;
    this.#options.onTaken(this.#taken);
    this.#taken = 0;
  }

  #cancel(): void {
    const wasOpen = this.#end === undefined;
    this.finish();
    this.#pieces.length = 0;
    if (wasOpen) this.#options.onCancel();
  }
}
