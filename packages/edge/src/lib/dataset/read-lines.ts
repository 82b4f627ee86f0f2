import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';

const CHUNK_BYTES = 1024 * 1024;

/** A line, and the position behind its line feed. */
export interface Line {
  readonly text: string;
  readonly end: number;
}

/** The bytes of a file; those of a compressed one (`.gz`) as they were before. None when there is no such file. */
export async function* readChunks(path: string, from = 0): AsyncGenerator<Buffer> {
  const isCompressed = path.endsWith('.gz');
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES, ...(isCompressed ? {} : { start: from }) });
  const source = isCompressed ? file.pipe(createGunzip({ chunkSize: CHUNK_BYTES })) : file;
  file.on('error', (error) => source.destroy(error));
  let skip = isCompressed ? from : 0;
  try {
    for await (const chunk of source) {
      const bytes: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      if (skip < bytes.length) yield bytes.subarray(skip);
      skip = Math.max(0, skip - bytes.length);
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  } finally {
    file.destroy();
  }
}

/** Reads the complete lines of a file from a position on. What comes after the last line feed is left out. */
export async function* readCompleteLines(path: string, from = 0): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let position = from;
  for await (const chunk of readChunks(path, from)) {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      const text =
        parts.length === 0
          ? chunk.toString('utf8', start, end)
          : Buffer.concat([...parts, chunk.subarray(start, end)]).toString('utf8');
      parts = [];
      yield { text, end: position + end + 1 };
      start = end + 1;
    }
    if (start < chunk.length) parts.push(chunk.subarray(start));
    position += chunk.length;
  }
}
