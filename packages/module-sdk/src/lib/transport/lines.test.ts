import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readLines } from './lines.ts';

async function linesOf(chunks: readonly Buffer[], limit?: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of readLines(Readable.from(chunks), limit)) lines.push(line);
  return lines;
}

describe('readLines()', () => {
  it('gives the same lines however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', ' ').toWellFormed())),
        fc.integer({ min: 1, max: 9 }),
        async (texts, size) => {
          const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(''));
          const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
            bytes.subarray(index * size, (index + 1) * size),
          );
          assert.deepEqual(await linesOf(chunks), texts);
        },
      ),
    );
  });

  it('ends at a line over the limit, whether or not its end has come', async () => {
    assert.deepEqual(await linesOf([Buffer.from('12345\n')], 5), ['12345']);
    await assert.rejects(linesOf([Buffer.from('123456\n')], 5), RangeError);
    await assert.rejects(linesOf([Buffer.from('123'), Buffer.from('456')], 5), RangeError);
  });

  it('drops a last line that has no end: it was torn', async () => {
    assert.deepEqual(await linesOf([Buffer.from('a\nb')]), ['a']);
  });
});
