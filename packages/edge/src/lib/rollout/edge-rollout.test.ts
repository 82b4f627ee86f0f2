import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EdgeRollout } from './edge-rollout.ts';
import { COLD_ANSWERS } from './limits.ts';

const plan = { rollout_id: 'r', mode: 'canary' as const, incumbent: 1, candidate: 2, percentage: 50 };

/** A rollout whose incumbent has answered often enough that there is a limit. */
function timed(incumbentMs: number): {
  rollout: EdgeRollout;
  answer: (version: number, latencyMs: number, times: number) => void;
} {
  const rollout = new EdgeRollout({ plan, trouble: null, epoch: 'e', startedAt: 0 });
  const answer = (version: number, latencyMs: number, times: number): void => {
    for (let n = 0; n < times; n += 1)
      rollout.count({ metadata: { version } }, { id: 'x', status: 'success', output: 1, outputJson: '1', latencyMs });
  };
  answer(1, incumbentMs, 100);
  rollout.figures();
  return { rollout, answer };
}

describe('an answer in a rollout', () => {
  it('is slow when it takes noticeably longer than nearly all of the incumbent', () => {
    const { rollout, answer } = timed(0.2);
    answer(2, 0.2, COLD_ANSWERS);
    answer(2, 0.2, 30);
    answer(2, 3, 7);
    answer(1, 3, 2);
    const { candidate, incumbent } = rollout.figures();
    assert.deepEqual([candidate.timed, candidate.slow], [37, 7]);
    assert.deepEqual([incumbent.timed, incumbent.slow], [2, 2]);
  });

  it('is not timed while its version is new, so that to be loaded and compiled is not held against it', () => {
    const { rollout, answer } = timed(0.2);
    answer(2, 40, COLD_ANSWERS);
    const { candidate } = rollout.figures();
    assert.deepEqual([candidate.requests, candidate.timed, candidate.slow], [COLD_ANSWERS, 0, 0]);
  });

  it('is not slow for a difference that nobody notices', () => {
    const { rollout, answer } = timed(0.1);
    answer(2, 0.9, COLD_ANSWERS + 50);
    const { candidate } = rollout.figures();
    assert.deepEqual([candidate.timed, candidate.slow], [50, 0]);
  });
});
