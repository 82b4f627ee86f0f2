import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readPrefer } from './prefer.ts';

describe('readPrefer()', () => {
  it('reads what it knows of a header, however it is written, and leaves the rest aside', () => {
    const cases: [string | string[] | undefined, boolean, number | undefined][] = [
      [undefined, false, undefined],
      ['respond-async', true, undefined],
      ['Respond-Async, wait=10', true, 10_000],
      [['return=minimal; foo="x"', 'wait="3"'], false, 3000],
      ['wait=-1', false, undefined],
      ['wait=9999999', false, undefined],
      ['respond-async-later', false, undefined],
    ];
    for (const [header, isAsync, waitMs] of cases) assert.deepEqual(readPrefer(header), { isAsync, waitMs }, String(header));
  });
});
