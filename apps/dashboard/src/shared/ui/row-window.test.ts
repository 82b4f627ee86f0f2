import assert from 'node:assert/strict';
import { it } from 'node:test';
import { rowWindow } from './row-window.ts';

const ROW = 36;

it('has every row that is seen, wherever one stands, and some more on both sides', () => {
  const height = 675;
  for (let top = 0; top <= 1000 * ROW - height; top += 17) {
    const { first, end } = rowWindow({ top, height, rowHeight: ROW, count: 1000 });
    assert.ok(first === 0 || first * ROW <= top - 6 * ROW, `the first row at ${top}`);
    assert.ok(end === 1000 || end * ROW >= top + height + 6 * ROW, `the last row at ${top}`);
    assert.ok(end - first <= 40, `${end - first} rows at ${top}`);
  }
});

it('stays the same while one scrolls by less than a row, so that nothing is drawn again', () => {
  const at = (top: number): unknown => rowWindow({ top, height: 15 * ROW, rowHeight: ROW, count: 1000 });
  assert.deepEqual(at(3600), at(3600 + ROW - 1));
});

it('ends with the list, although one stands below it: it has just become shorter', () => {
  assert.deepEqual(rowWindow({ top: 100_000, height: 675, rowHeight: ROW, count: 10 }), { first: 4, end: 10 });
  assert.deepEqual(rowWindow({ top: 0, height: 0, rowHeight: ROW, count: 0 }), { first: 0, end: 0 });
});
