import type { ReadableStreamReadResult } from 'node:stream/web';
import { HTTP_CHUNK_BYTES, HTTP_WINDOW_BYTES } from '@loopwright/protocol';
import { toBase64 } from './wire-bytes.ts';

/** Reads a body piece by piece. */
export type BodyReader = ReadableStreamDefaultReader<Uint8Array>;

/** The part of a channel that writes pieces. */
export interface BodyChannel {
  sendWithBase64(message: { op: 'http_body'; request_id: string; last: boolean }, field: 'data', base64: string): boolean;
  drained(): Promise<void>;
}

/** Sends a streamed body: never more than {@link HTTP_WINDOW_BYTES} ahead of its reader, and not faster than the channel takes it. */
export class BodyWriter {
  readonly #channel: BodyChannel;
  readonly #id: string;
  #credit = HTTP_WINDOW_BYTES;
  #isStopped = false;
  #wake: (() => void) | undefined;

  constructor(channel: BodyChannel, requestId: string) {
    this.#channel = channel;
    this.#id = requestId;
  }

  /** The reader has room for so many bytes more. */
  grant(bytes: number): void {
    this.#credit = Math.min(HTTP_WINDOW_BYTES, this.#credit + bytes);
    this.#wake?.();
  }

  /** Sends nothing more. */
  stop(): void {
    this.#isStopped = true;
    this.#wake?.();
  }

  /** Sends what the reader gives, to its end; cancels it when this was stopped. @throws What the reader throws, or `TypeError` when it gives something else than bytes. */
  async send(reader: BodyReader, pending: Promise<ReadableStreamReadResult<Uint8Array>> = reader.read()): Promise<void> {
    for (let next = await pending; ; next = await reader.read()) {
      if (next.done) {
        if (!this.#isStopped) this.#channel.sendWithBase64({ op: 'http_body', request_id: this.#id, last: true }, 'data', '');
        return;
      }
      await this.#sendPieces(bytesOf(next.value));
      if (this.#isStopped) return reader.cancel();
    }
  }

  async #sendPieces(bytes: Uint8Array): Promise<void> {
    let start = 0;
    while (start < bytes.length && !this.#isStopped) {
      const size = Math.min(HTTP_CHUNK_BYTES, bytes.length - start, this.#credit);
      if (size <= 0) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      this.#credit -= size;
      const data = toBase64(bytes.subarray(start, start + size));
      start += size;
      const hasRoom = this.#channel.sendWithBase64({ op: 'http_body', request_id: this.#id, last: false }, 'data', data);
      if (!hasRoom) await this.#channel.drained();
    }
  }
}

/** What a body gave, when it is bytes. @throws TypeError */
export function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new TypeError('Cannot send the body: it gives something else than bytes');
}
