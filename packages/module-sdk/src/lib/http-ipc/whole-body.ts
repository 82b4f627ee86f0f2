import { Readable } from 'node:stream';

/** Strips the mark of the byte order, as `fetch` does. */
const UTF8 = new TextDecoder();

/**
 * A body that is there already, as `Request` and `Response` have it: read once, by whichever of their members. Its stream is made when somebody wants it: that alone
 * costs more than to read it any other way.
 */
export class WholeBody {
  readonly #bytes: Uint8Array;
  #isTaken = false;
  #stream: ReadableStream<Uint8Array> | undefined;

  /** @param bytes Not copied, and not to be changed any more. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether it was read, or its reading has begun. */
  get isUsed(): boolean {
    return (
      this.#isTaken || (this.#stream !== undefined && Readable.isDisturbed(this.#stream as unknown as NodeJS.ReadableStream))
    );
  }

  /** The same as a stream; cancelled when it was read otherwise. */
  get stream(): ReadableStream<Uint8Array> {
    this.#stream ??= new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          if (this.#bytes.length > 0) controller.enqueue(new Uint8Array(this.#bytes));
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    if (this.#isTaken && !this.#stream.locked) void this.#stream.cancel();
    return this.#stream;
  }

  /** The bytes, while nobody has read any of them. */
  get unread(): Uint8Array | undefined {
    return this.isUsed || this.#stream?.locked === true ? undefined : this.#bytes;
  }

  /** Reads it as text. @throws TypeError When it was read already. */
  text(): string {
    return UTF8.decode(this.#take());
  }

  /** Reads it as bytes of its own. @throws TypeError When it was read already. */
  bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#take());
  }

  #take(): Uint8Array {
    const bytes = this.unread;
    if (bytes === undefined) throw new TypeError('Cannot read the body: it was read already');
    this.#isTaken = true;
    return bytes;
  }
}
