import { pipeline, Readable } from 'node:stream';
import { TextDecoder } from 'node:util';
import { CsvError, parse } from 'csv-parse';
import type { Json, LabelledExample } from '@loopwright/protocol';
import { z } from 'zod';
import { invalidExamples } from './invalid-examples.ts';
import type { ExampleLimits } from './limits.ts';

const recordSchema = z.object({ record: z.array(z.string()), info: z.object({ lines: z.int() }) });
/** What programs write in place of the comma, and how it is called. */
const OTHER_SEPARATORS = [
  [';', 'semicolons'],
  ['\t', 'tabs'],
] as const;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * Reads CSV with a header. The column `output` or `label` is the output, always as text. A single other column named `text` gives
 * `{ text }`; otherwise all others give a flat record in which numbers and booleans are converted and empty cells are `null`.
 * Numbers whose digits JavaScript cannot hold and those with leading zeros stay text.
 */
export async function* readCsv(chunks: AsyncIterable<Buffer>, limits: ExampleLimits): AsyncGenerator<LabelledExample> {
  const parser = parse({ bom: true, info: true, skip_empty_lines: true, max_record_size: limits.lineBytes });
  pipeline(Readable.from(checkText(chunks), { objectMode: true }), parser, () => undefined);
  let columns: Columns | undefined;
  try {
    for await (const item of parser) {
      const { record, info } = recordSchema.parse(item);
      if (columns === undefined) columns = readHeader(record, info.lines);
      else yield toExample(columns, record, info.lines);
    }
  } catch (error) {
    throw error instanceof CsvError ? csvFault(error, limits) : error;
  }
}

interface Columns {
  readonly names: readonly string[];
  readonly outputIndex: number;
  readonly onlyText: boolean;
}

function readHeader(record: readonly string[], line: number): Columns {
  const names = record.map((name) => name.trim());
  const fail = (reason: string) => invalidExamples({ line, reason, text: record.join(',') });
  if (names.includes('')) throw fail('a column has no name');
  const twin = names.find((name, index) => names.indexOf(name) !== index);
  if (twin !== undefined) throw fail(`the column "${twin}" is there twice`);
  const separator = names.length === 1 ? OTHER_SEPARATORS.find(([text]) => record[0]?.includes(text)) : undefined;
  if (separator !== undefined) throw fail(`its columns are separated by ${separator[1]} where commas are expected`);
  const outputs = ['output', 'label'].filter((name) => names.includes(name));
  if (outputs.length !== 1)
    throw fail(
      outputs.length === 0 ? 'there is no column "output" or "label"' : 'there is a column "output" and a column "label"',
    );
  if (names.length < 2) throw fail('there is no column for the input');
  return { names, outputIndex: names.indexOf(outputs[0] ?? ''), onlyText: names.length === 2 && names.includes('text') };
}

function toExample({ names, outputIndex, onlyText }: Columns, record: readonly string[], line: number): LabelledExample {
  const output = record[outputIndex] ?? '';
  if (output.trim() === '')
    throw invalidExamples({ line, reason: `"${names[outputIndex]}" is missing`, pointer: '/output', text: record.join(',') });
  const cells: [string, Json][] = [];
  for (const [index, name] of names.entries()) {
    const cell = record[index] ?? '';
    if (index !== outputIndex) cells.push([name, onlyText ? cell : convert(cell)]);
  }
  return { input: Object.fromEntries(cells), output };
}

function convert(cell: string): Json {
  const text = cell.trim();
  if (text === '') return null;
  if (/^(?:true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  if (!NUMBER.test(text)) return cell;
  const number = Number(text);
  return Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number)) ? number : cell;
}

/** Passes chunks on as long as they are UTF-8 text. */
async function* checkText(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  for await (const chunk of chunks) {
    const nul = chunk.indexOf(0);
    if (nul !== -1)
      throw invalidExamples({ line: line + countLines(chunk.subarray(0, nul)), reason: 'it contains binary data (a NUL byte)' });
    decode(decoder, chunk, line);
    line += countLines(chunk);
    yield chunk;
  }
  decode(decoder, undefined, line);
}

function decode(decoder: TextDecoder, chunk: Buffer | undefined, line: number): void {
  try {
    if (chunk === undefined) decoder.decode();
    else decoder.decode(chunk, { stream: true });
  } catch (cause) {
    throw invalidExamples({
      line: chunk === undefined ? line : line + linesBeforeFault(chunk),
      reason: 'it is not valid UTF-8',
      cause,
    });
  }
}

/** Lines of a chunk that are wholly valid. The first may continue a character of the chunk before, so it is not judged. */
function linesBeforeFault(chunk: Buffer): number {
  let lines = 0;
  let start = chunk.indexOf(10) + 1;
  if (start === 0) return 0;
  for (let end = chunk.indexOf(10, start); end !== -1; end = chunk.indexOf(10, start)) {
    lines += 1;
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(chunk.subarray(start, end));
    } catch {
      return lines;
    }
    start = end + 1;
  }
  return lines + 1;
}

function countLines(chunk: Uint8Array): number {
  let lines = 0;
  for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines += 1;
  return lines;
}

function csvFault(error: CsvError, limits: ExampleLimits): Error {
  const line = typeof error['lines'] === 'number' ? error['lines'] : 1;
  const reason =
    error.code === 'CSV_MAX_RECORD_SIZE'
      ? `the record is longer than ${limits.lineBytes} bytes (a quote that is never closed?)`
      : (error.message.split(': ').slice(1).join(': ') || error.message).slice(0, 200);
  return invalidExamples({ line, reason, cause: error });
}
