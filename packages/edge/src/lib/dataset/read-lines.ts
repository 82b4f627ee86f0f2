import { createReadStream } from 'node:fs';

/** Reads the complete lines of a file; none when there is no such file. What comes after the last line feed is left out. */
export async function* readCompleteLines(path: string): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) {
      let rest: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
        yield Buffer.concat([...parts, rest.subarray(0, end)]).toString('utf8');
        rest = rest.subarray(end + 1);
        parts = [];
      }
      if (rest.length > 0) parts.push(rest);
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
}
