import type { Readable } from 'node:stream';
import { MODULE_LINE_LIMIT_BYTES } from '@loopwright/protocol';

/**
 * Splits a byte stream into lines of UTF-8 text without their line feed. A line over the limit ends the stream with a
 * `RangeError`: after it the two sides no longer agree on where messages begin.
 */
export async function* readLines(stream: Readable, limitBytes = MODULE_LINE_LIMIT_BYTES): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    let rest: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
      if (size + end > limitBytes) throw new RangeError(`Cannot read a line of more than ${limitBytes} bytes`);
      yield Buffer.concat([...parts, rest.subarray(0, end)]).toString('utf8');
      rest = rest.subarray(end + 1);
      parts = [];
      size = 0;
    }
    size += rest.length;
    if (size > limitBytes) throw new RangeError(`Cannot read a line of more than ${limitBytes} bytes`);
    if (rest.length > 0) parts.push(rest);
  }
}
