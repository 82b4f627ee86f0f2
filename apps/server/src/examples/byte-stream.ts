import { Readable } from 'node:stream';
import { PlatformError } from '@loopwright/protocol';

/** Where examples come from. Whoever made the stream ends it; reading stops early without destroying it. */
export type ByteSource = Readable | AsyncIterable<Uint8Array>;

/**
 * Passes the chunks of a source on and stops with `PAYLOAD_TOO_LARGE` at the first one past the limit. The rest stays unread and
 * the source open, so that an HTTP request can still be answered.
 */
export async function* limitBytes(source: ByteSource, limit: number): AsyncGenerator<Buffer> {
  const chunks: AsyncIterable<unknown> = source instanceof Readable ? source.iterator({ destroyOnReturn: false }) : source;
  let size = 0;
  for await (const chunk of chunks) {
    const bytes = toBuffer(chunk);
    size += bytes.length;
    if (size > limit)
      throw new PlatformError('PAYLOAD_TOO_LARGE', `Cannot read the examples: they are larger than ${limit} bytes`, {
        details: { limit_bytes: limit },
      });
    yield bytes;
  }
}

function toBuffer(chunk: unknown): Buffer {
  if (Buffer.isBuffer(chunk)) return chunk;
  return chunk instanceof Uint8Array ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength) : Buffer.from(String(chunk));
}
