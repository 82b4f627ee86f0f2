import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { CheckpointView, PhaseInfo } from '@loopwright/protocol';
import { goingBack } from './going-back.ts';

const phase = (name: string, status: PhaseInfo['status']): PhaseInfo =>
  ({
    phase: name,
    status,
    started_at: status === 'completed' || status === 'failed' ? '2026-01-01T00:00:00Z' : null,
  }) as PhaseInfo;
const RUN = {
  phases: [phase('planning', 'completed'), phase('data', 'skipped'), phase('development', 'failed'), phase('qa', 'pending')],
};
const checkpoint = (type: 'pre' | 'post', name: string, more: Partial<CheckpointView> = {}): CheckpointView =>
  ({ phase: name, checkpoint_type: type, archived_by: null, incomplete: null, ...more }) as CheckpointView;
const STEPS = [
  { key: 'planning/plan', step_id: 'plan' },
  { key: 'development/build', step_id: 'build' },
  { key: 'development/tests@try-1/check', step_id: 'check' },
  { key: 'development/tests@try-2/check', step_id: 'check' },
];

it('begins again at the phase, or behind it at the next one that is not left out, with all of its steps', () => {
  const again = [{ phase: 'development', steps: ['build', 'check'] }];
  assert.deepEqual(goingBack(checkpoint('pre', 'development'), RUN, STEPS), { phase: 'development', kept: ['planning'], again });
  assert.deepEqual(goingBack(checkpoint('post', 'planning'), RUN, STEPS), { phase: 'development', kept: ['planning'], again });
  assert.deepEqual(goingBack(checkpoint('pre', 'planning'), RUN, STEPS), {
    phase: 'planning',
    kept: [],
    again: [{ phase: 'planning', steps: ['plan'] }, ...again],
  });
});

it('offers no checkpoint that was left behind, is not whole, or has nothing behind it', () => {
  assert.equal(goingBack(checkpoint('pre', 'planning', { archived_by: 'r' }), RUN, STEPS), undefined);
  assert.equal(goingBack(checkpoint('pre', 'planning', { incomplete: 'too large' }), RUN, STEPS), undefined);
  assert.equal(goingBack(checkpoint('post', 'qa'), RUN, STEPS), undefined);
});
