import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stagesOf } from './stages-text.ts';

describe('stages as they are typed', () => {
  it('reads percentages, and says what is wrong with them', () => {
    assert.deepEqual(stagesOf('5, 25 %;50  100'), [5, 25, 50, 100]);
    assert.equal(stagesOf(''), 'At least one stage is needed');
    assert.equal(stagesOf('5, x'), 'Each is a number from 0.1 to 100');
    assert.equal(stagesOf('5, 101'), 'Each is a number from 0.1 to 100');
    assert.equal(stagesOf('25, 5'), 'Each must be larger than the one before');
    assert.equal(stagesOf(Array.from({ length: 21 }, (_, at) => at + 1).join(' ')), 'Twenty stages at the most');
  });
});
