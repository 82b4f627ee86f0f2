import { FRAME_LIMIT_BYTES } from './limits.ts';

/** Bytes before a payload, four numbers of u32, big-endian: length of the payload, id, kind, value. */
const HEADER_BYTES = 16;
/** Payloads up to this many characters get the room that they may need at most, and are not measured first. */
const SHORT_CHARS = 2048;
const BYTES_PER_CHAR = 3;

/** What a frame is: to a worker first, from a worker behind. */
export const KIND = { load: 1, drop: 2, call: 3, ready: 16, success: 17, error: 18, timeout: 19 } as const;

/**
 * One message between the pool and a worker. `load` brings the code of a slot, `drop` frees it, `call` runs it with the payload as its input;
 * `value` is the slot. `ready` brings the name of the engine; the others answer the call `id`, with an output as JSON or a message as text, and
 * `value` is the time of the call in microseconds.
 */
export interface Frame {
  readonly kind: number;
  readonly id: number;
  readonly value: number;
  readonly payload: string;
}

/** Puts frames behind one another, so that many of them are one write. An input or an output crosses without being parsed or quoted again. */
export class FrameWriter {
  #bytes: Buffer = Buffer.alloc(0);
  #size = 0;

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  add(kind: number, id: number, value: number, payload: string): void {
    const most = payload.length > SHORT_CHARS ? Buffer.byteLength(payload) : payload.length * BYTES_PER_CHAR;
    this.#makeRoom(HEADER_BYTES + most);
    const bytes = this.#bytes;
    const start = this.#size;
    const length = payload === '' ? 0 : bytes.write(payload, start + HEADER_BYTES);
    bytes.writeUInt32BE(length, start);
    bytes.writeUInt32BE(id, start + 4);
    bytes.writeUInt32BE(kind, start + 8);
    bytes.writeUInt32BE(value, start + 12);
    this.#size = start + HEADER_BYTES + length;
  }

  /** The bytes of all frames since the last time. They are not touched afterwards: they may be written later. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#size);
    this.#bytes = this.#bytes.subarray(this.#size);
    this.#size = 0;
    return taken;
  }

  #makeRoom(bytes: number): void {
    if (this.#bytes.length - this.#size >= bytes) return;
    // What lies here grows by doubling. Nothing is put by behind a large payload: a buffer that nobody needs makes V8 collect all garbage sooner.
    const larger = Buffer.allocUnsafeSlow(Math.max(64 * 1024, this.#size * 2 + bytes));
    this.#bytes.copy(larger, 0, 0, this.#size);
    this.#bytes = larger;
  }
}

/** Cuts a stream of bytes into frames, whatever the pieces it arrives in. */
export class FrameReader {
  #parts: Buffer[] = [];
  #size = 0;
  #wanted = HEADER_BYTES;

  /**
   * Adds a piece and gives the frames that are complete by now. The piece is kept until they are: it must not be reused.
   *
   * @throws RangeError for a frame over {@link FRAME_LIMIT_BYTES}: the two sides no longer agree.
   */
  push(piece: Buffer): Frame[] {
    this.#parts.push(piece);
    this.#size += piece.length;
    const frames: Frame[] = [];
    if (this.#size < this.#wanted) return frames;
    const bytes = this.#parts.length === 1 ? piece : Buffer.concat(this.#parts, this.#size);
    let at = 0;
    for (;;) {
      this.#wanted = HEADER_BYTES;
      if (bytes.length - at < HEADER_BYTES) break;
      this.#wanted += bytes.readUInt32BE(at);
      if (this.#wanted > FRAME_LIMIT_BYTES) throw new RangeError(`Cannot read a frame of ${this.#wanted} bytes`);
      if (bytes.length - at < this.#wanted) break;
      frames.push({
        id: bytes.readUInt32BE(at + 4),
        kind: bytes.readUInt32BE(at + 8),
        value: bytes.readUInt32BE(at + 12),
        payload: bytes.toString('utf8', at + HEADER_BYTES, at + this.#wanted),
      });
      at += this.#wanted;
    }
    const rest = bytes.subarray(at);
    this.#parts = rest.length === 0 ? [] : [rest];
    this.#size = rest.length;
    return frames;
  }
}
