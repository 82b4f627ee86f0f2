import { crc32 } from 'node:zlib';
import { type Clock, PlatformError, STREAM_CHUNK_BYTES } from '@loopwright/protocol';

/** A piece of a stream. */
export interface Chunk {
  readonly stream_id: string;
  readonly sequence: number;
  readonly data: string;
  readonly last: boolean;
  /** {@link checksumOf} the bytes; of who writes none, nothing is checked. */
  readonly checksum?: string | undefined;
}

/** Pieces that may be under way. */
export const STREAM_WINDOW = 10;
const RETRIES = 3;
/** Not taken in time; no room for it; not what was sent. */
const AGAIN: ReadonlySet<string> = new Set(['MODULE_TIMEOUT', 'OVERLOADED', 'MODULE_PROTOCOL_ERROR']);
/** Before a piece is sent again to a side that is full; doubled each time. */
const PAUSE_MS = 100;

/** Sends `source` piece by piece; `send` resolves when the other side has taken one. Ends `source` when it fails. */
export async function sendStream(options: {
  readonly source: AsyncIterable<Uint8Array>;
  readonly streamId: string;
  readonly clock: Clock;
  readonly send: (chunk: Chunk) => Promise<void>;
}): Promise<void> {
  let sequence = 0;
  // The oldest piece that was not taken decides: the other side holds no more than the window after it.
  const underWay: Promise<void>[] = [];
  const push = async (bytes: Uint8Array, last: boolean): Promise<void> => {
    if (underWay.length >= STREAM_WINDOW) await underWay.shift();
    const sent = sendAgain(options, {
      stream_id: options.streamId,
      sequence,
      data: Buffer.from(bytes).toString('base64'),
      last,
      checksum: checksumOf(bytes),
    });
    sequence += 1;
    underWay.push(sent);
    // The error is seen by who waits for it next.
    sent.catch(() => undefined);
  };
  for await (const bytes of options.source)
    for (let at = 0; at < bytes.length; at += STREAM_CHUNK_BYTES) await push(bytes.subarray(at, at + STREAM_CHUNK_BYTES), false);
  await push(new Uint8Array(), true);
  await Promise.all(underWay);
}

/** What shows that bytes came as they went: CRC-32, in hexadecimal. */
export function checksumOf(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(8, '0');
}

/** A piece that was not taken in time, or came as another, is sent again: the other side knows it by its number. */
async function sendAgain(
  { clock, send }: { readonly clock: Clock; readonly send: (chunk: Chunk) => Promise<void> },
  chunk: Chunk,
): Promise<void> {
  for (let attempt = 0; ; attempt += 1)
    try {
      return await send(chunk);
    } catch (error) {
      const isWorthIt = error instanceof PlatformError && AGAIN.has(error.code);
      if (!isWorthIt || attempt === RETRIES) throw error;
      if (error.code === 'OVERLOADED') await new Promise<void>((resolve) => clock.schedule(PAUSE_MS * 2 ** attempt, resolve));
    }
}
