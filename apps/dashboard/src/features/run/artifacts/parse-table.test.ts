import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseCsv, parseJsonLines } from './parse-table.ts';

it('reads CSV with quotes, lines inside of them, and either end of a line', () => {
  assert.deepEqual(parseCsv('a,b\r\n"x, ""y""",1\n"two\nlines",\n'), {
    header: ['a', 'b'],
    rows: [
      ['x, "y"', '1'],
      ['two\nlines', ''],
    ],
  });
  assert.deepEqual(parseCsv(''), { header: [], rows: [] });
  assert.deepEqual(parseCsv('a\n"open'), { header: ['a'], rows: [['open']] });
});

it('reads JSON Lines whose records have different fields, and nothing else', () => {
  assert.deepEqual(parseJsonLines('{"a":1}\n{"b":{"c":2},"a":"x"}\n'), {
    header: ['a', 'b'],
    rows: [
      ['1', ''],
      ['x', '{"c":2}'],
    ],
  });
  assert.equal(parseJsonLines('{"a":1}\n[1]\n'), undefined);
  assert.equal(parseJsonLines('no'), undefined);
});
