import { type LabelledExample, PlatformError } from '@loopwright/protocol';
import { type ByteSource, limitBytes } from './byte-stream.ts';
import { readCsv } from './csv-records.ts';
import { readJsonLines } from './json-lines.ts';
import { EXAMPLE_LIMITS, type ExampleLimits } from './limits.ts';

/** How examples are written. */
export type ExampleFormat = 'jsonl' | 'csv';

/** How to read examples. Limits that are left out are those of {@link EXAMPLE_LIMITS}. */
export interface ReadOptions {
  readonly format: ExampleFormat;
  readonly limits?: Partial<ExampleLimits>;
}

/**
 * Reads labelled examples from a stream, one at a time, holding no more than one line and one chunk.
 *
 * The caller owns the stream: when reading stops early, at an error or because the caller has enough, it is left open and unread.
 *
 * @throws `PlatformError` `INVALID_EXAMPLES` with `details` `{ line, reason, pointer?, excerpt }`, `PAYLOAD_TOO_LARGE` past the
 * byte limit.
 */
export async function* readExamples(source: ByteSource, options: ReadOptions): AsyncGenerator<LabelledExample> {
  const limits = { ...EXAMPLE_LIMITS, ...options.limits };
  const chunks = limitBytes(source, limits.bytes);
  let count = 0;
  for await (const example of options.format === 'csv' ? readCsv(chunks, limits) : readJsonLines(chunks, limits)) {
    count += 1;
    if (count > limits.examples) throw unusable(`there are more than ${limits.examples} examples`, count);
    yield example;
  }
  if (count === 0) throw unusable('no example is in it', 1);
}

function unusable(reason: string, line: number): PlatformError {
  return new PlatformError('INVALID_EXAMPLES', `Cannot use the examples: ${reason}`, { details: { line, reason, excerpt: '' } });
}
