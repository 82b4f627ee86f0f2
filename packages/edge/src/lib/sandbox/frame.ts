import { FRAME_LIMIT_BYTES } from './limits.ts';

/** Bytes before a body: u32 length of the body, u32 id, both big-endian. */
const HEADER_BYTES = 8;

/** One message between the pool and a worker: `head` is a line of JSON, `payload` a text of any length. */
export interface Frame {
  readonly id: number;
  readonly head: string;
  readonly payload: string;
}

/**
 * Writes a frame. The body is two JSON texts with a line feed between them, so that an input or an output crosses without
 * being parsed or quoted again. `head` must hold no line feed.
 */
export function encodeFrame({ id, head, payload }: Frame): Buffer {
  const length = Buffer.byteLength(head) + 1 + Buffer.byteLength(payload);
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + length);
  buffer.writeUInt32BE(length, 0);
  buffer.writeUInt32BE(id, 4);
  const end = HEADER_BYTES + buffer.write(head, HEADER_BYTES);
  buffer[end] = 10;
  buffer.write(payload, end + 1);
  return buffer;
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
    let rest = this.#parts.length === 1 ? piece : Buffer.concat(this.#parts, this.#size);
    for (;;) {
      this.#wanted = rest.length < HEADER_BYTES ? HEADER_BYTES : HEADER_BYTES + rest.readUInt32BE(0);
      if (this.#wanted > FRAME_LIMIT_BYTES) throw new RangeError(`Cannot read a frame of ${this.#wanted} bytes`);
      if (rest.length < this.#wanted) break;
      frames.push(decodeBody(rest.readUInt32BE(4), rest.subarray(HEADER_BYTES, this.#wanted)));
      rest = rest.subarray(this.#wanted);
    }
    this.#parts = rest.length === 0 ? [] : [rest];
    this.#size = rest.length;
    return frames;
  }
}

function decodeBody(id: number, body: Buffer): Frame {
  const end = body.indexOf(10);
  if (end === -1) return { id, head: body.toString('utf8'), payload: '' };
  return { id, head: body.toString('utf8', 0, end), payload: body.toString('utf8', end + 1) };
}
