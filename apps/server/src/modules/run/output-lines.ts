import type { Readable } from 'node:stream';

/**
 * Calls `take` for each line of a child's output. A line over the limit is cut and its rest dropped, so that no output can fill
 * the memory or stop the reading, and the child never waits on a full pipe.
 */
export function onOutputLines(stream: Readable, limitBytes: number, take: (line: string) => void): void {
  let parts: Buffer[] = [];
  let size = 0;
  const keep = (bytes: Buffer): void => {
    const room = limitBytes - size;
    if (room > 0 && bytes.length > 0) parts.push(bytes.subarray(0, room));
    size = Math.min(limitBytes, size + bytes.length);
  };
  const flush = (): void => {
    const line = Buffer.concat(parts).toString('utf8').replace(/\r$/, '');
    parts = [];
    size = 0;
    if (line !== '') take(line);
  };
  stream.on('data', (chunk: Buffer) => {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      keep(chunk.subarray(start, end));
      flush();
      start = end + 1;
    }
    keep(chunk.subarray(start));
  });
  stream.on('end', flush);
  stream.on('error', flush);
}
