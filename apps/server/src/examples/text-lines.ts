import { invalidExamples } from './invalid-examples.ts';

/** One line of a text file, without its line feed and carriage return. */
export interface TextLine {
  /** Counted from 1. */
  readonly number: number;
  readonly text: string;
}

/**
 * Splits bytes into lines of UTF-8 text. Holds one line at a time. A byte order mark is dropped; NUL, invalid UTF-8 and a line over
 * the limit are `INVALID_EXAMPLES`.
 */
export async function* textLines(chunks: AsyncIterable<Buffer>, limitBytes: number): AsyncGenerator<TextLine> {
  let parts: Buffer[] = [];
  let size = 0;
  let number = 1;
  const check = (bytes: number): void => {
    if (bytes > limitBytes)
      throw invalidExamples({
        line: number,
        reason: `the line is longer than ${limitBytes} bytes`,
        text: Buffer.concat(parts).toString('utf8', 0, 500),
      });
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      check(size + end - start);
      yield { number, text: decodeLine(Buffer.concat([...parts, chunk.subarray(start, end)]), number) };
      start = end + 1;
      parts = [];
      size = 0;
      number += 1;
    }
    size += chunk.length - start;
    parts.push(chunk.subarray(start));
    check(size);
  }
  if (size > 0) yield { number, text: decodeLine(Buffer.concat(parts), number) };
}

function decodeLine(bytes: Buffer, line: number): string {
  let content = bytes.at(-1) === 13 ? bytes.subarray(0, -1) : bytes;
  if (line === 1 && content.subarray(0, 3).equals(BYTE_ORDER_MARK)) content = content.subarray(3);
  if (content.includes(0))
    throw invalidExamples({ line, reason: 'it contains binary data (a NUL byte)', text: content.toString('utf8') });
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch (cause) {
    throw invalidExamples({ line, reason: 'it is not valid UTF-8', text: content.toString('utf8'), cause });
  }
}

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
