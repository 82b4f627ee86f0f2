import assert from 'node:assert/strict';
import { it } from 'node:test';
import { examplesFormat } from './examples-format.ts';

it('reads the format from what is in the file, whatever it is called', () => {
  assert.deepEqual(examplesFormat('a.csv', '\uFEFF {"input":1,"output":2}'), { contentType: 'application/x-ndjson' });
  assert.deepEqual(examplesFormat('a.txt', 'text,label\n'), { contentType: 'text/csv' });
  assert.deepEqual(examplesFormat('a.jsonl', 'broken'), { contentType: 'application/x-ndjson' });
});

it('says what to do with a file that cannot be sent', () => {
  for (const [head, why] of [
    ['', /empty/],
    ['[{"input":1}]', /one JSON array/],
    ['PK\u0003\u0004\0\0', /no text/],
  ] as const) {
    const format = examplesFormat('a.json', head);
    assert.match('problem' in format ? format.problem : '', why);
  }
});
