import assert from 'node:assert/strict';
import { it } from 'node:test';
import { adviceFor, examplesFormat } from './examples-format.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

it('reads the format from what is in the file, whatever it is called', () => {
  assert.deepEqual(examplesFormat('a.csv', bytes('\uFEFF {"input":1,"output":2}')), { contentType: 'application/x-ndjson' });
  assert.deepEqual(examplesFormat('a.txt', bytes('text,label\n')), { contentType: 'text/csv' });
  assert.deepEqual(examplesFormat('a.txt', bytes('PK,label\n')), { contentType: 'text/csv' });
  assert.deepEqual(examplesFormat('a.txt', bytes('x')), { contentType: 'text/csv' });
  assert.deepEqual(examplesFormat('a.jsonl', bytes('broken')), { contentType: 'application/x-ndjson' });
  // What is cut off in the middle of a character is the end of what is looked at, not of the file.
  assert.deepEqual(examplesFormat('a.csv', bytes('text,label\nä').slice(0, -1)), { contentType: 'text/csv' });
});

it('says what to do with a file that cannot be sent', () => {
  const utf16 = Buffer.from('text,label\n', 'utf16le');
  for (const [head, why] of [
    [bytes(''), /empty/],
    [bytes('\uFEFF \r\n'), /empty/],
    [bytes('[{"input":1}]'), /one JSON array/],
    [bytes('PK\u0003\u0004\0\0'), /workbook/],
    [bytes('ab\0\0'), /no text/],
    [utf16, /UTF-16/],
    [Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]), /UTF-16/],
    [Buffer.from(utf16).swap16(), /UTF-16/],
  ] as const) {
    const format = examplesFormat('a.json', head);
    assert.match('problem' in format ? format.problem : '', why);
  }
  assert.match(adviceFor('it is not valid UTF-8') ?? '', /Save the file as UTF-8/);
  assert.equal(adviceFor('"output" is missing'), undefined);
});
