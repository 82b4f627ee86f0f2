import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { csvLine } from './csv.ts';

describe('csvLine()', () => {
  it('writes lines as RFC 4180 has them', () => {
    assert.equal(csvLine(['a', 1.5, true, null, '', -3]), 'a,1.5,true,,,-3\r\n');
    assert.equal(csvLine(['a,b', 'say "so"', 'two\r\nlines', ' outer ']), '"a,b","say ""so""","two\r\nlines"," outer "\r\n');
  });

  it('leaves no text that a spreadsheet takes for a formula', () => {
    const formulas = [`=cmd|'/c calc'!A1`, '+1', '-1+2', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1', '－1'];
    for (const text of formulas) {
      const cell = csvLine([text]).replace(/\r\n$/u, '');
      assert.match(cell, /^"?'/u, JSON.stringify(text));
      assert.ok(cell.includes(text), 'nothing of it is lost');
    }
    assert.equal(csvLine(['1=1', 'a-b', '{"a":"=1"}']), '1=1,a-b,"{""a"":""=1""}"\r\n');
  });
});
