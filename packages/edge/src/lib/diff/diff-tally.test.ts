import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DiffTally } from './diff-tally.ts';
import { EXAMPLE_CHARACTERS, KINDS_LISTED, KINDS_TOLD_APART } from './limits.ts';
import type { Outcome } from './outcome.ts';

const answered = (output: string): Outcome => ({ status: 'success', output, outputJson: JSON.stringify(output), latencyMs: 1 });

describe('DiffTally', () => {
  it('stays small whatever comes, and loses no input', () => {
    const tally = new DiffTally();
    const count = KINDS_TOLD_APART * 3;
    for (let n = 0; n < count; n += 1)
      tally.add({ inputJson: 'x'.repeat(100_000), incumbent: answered(`a${n}`), candidate: answered(`b${n}`) });
    const counts = tally.counts();
    assert.equal(counts.changed, count);
    assert.equal(counts.kinds.length, KINDS_LISTED);
    assert.equal(counts.kinds.reduce((sum, kind) => sum + kind.count, 0) + counts.in_other_kinds, count);
    assert.equal(counts.kinds[0]?.kind, 'in other ways');
    assert.equal(counts.kinds[0]?.examples[0]?.input.length, EXAMPLE_CHARACTERS);
    assert.ok(JSON.stringify(counts).length < 200_000);
  });
});
