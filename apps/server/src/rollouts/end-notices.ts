import type { Notice } from '@loopwright/engine';
import { performanceDelta } from './judge-rollout.ts';
import type { RolloutRow } from './rollout-state.ts';

/**
 * What is told in the stream of events of a rollout that has ended: whatever it was it was a test of two versions, unless something else cut it off; and a
 * canary that was not completed was taken back.
 */
export function endNotices(row: RolloutRow, projectId: string): Notice[] {
  const { rollout_id, program, alias, mode, incumbent, candidate, status, status_reason: reason } = row;
  const about = { rollout_id, program, alias, mode, incumbent, candidate, status, reason };
  const isTested = status !== 'failed';
  const notice = (type: string, data: Notice['data']): Notice => ({ id: `${type}/${rollout_id}`, type, projectId, data });
  return [
    ...(mode === 'canary' ? [notice(status === 'completed' ? 'canary_completed' : 'canary_rollback', about)] : []),
    ...(isTested ? [notice('ab_test_completed', { ...about, performance_delta: performanceDelta(row.evidence.totals) })] : []),
  ];
}
