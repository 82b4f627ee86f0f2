import type { RolloutHistoryEntry } from '@loopwright/protocol';
import type { ReactElement } from 'react';
import { Time } from '../../../shared/time/time.tsx';

const DONE: Readonly<Record<RolloutHistoryEntry['action'], string>> = {
  start: 'Begun',
  pause: 'Paused',
  resume: 'Went on',
  advance: 'Next stage',
  promote: 'Chosen',
  complete: 'Active',
  rollback: 'Taken back',
  fail: 'Failed',
};

/** Who did what with a rollout, the newest first. */
export function RolloutHistory({ history }: { history: readonly RolloutHistoryEntry[] }): ReactElement {
  return (
    <details>
      <summary>History ({history.length})</summary>
      <ol className="rollout-history">
        {history.toReversed().map(({ action, percentage, reason, by, timestamp }, at) => (
          <li key={history.length - at}>
            <strong>{DONE[action]}</strong> at {percentage} % by {by ?? 'the rules'}, <Time at={timestamp} />
            {reason === null ? null : <span className="muted">: {reason}</span>}
          </li>
        ))}
      </ol>
    </details>
  );
}
