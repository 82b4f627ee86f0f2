import { messageOf } from '@loopwright/protocol';
import type { ReactElement } from 'react';
import { Icon } from '../ui/icon.tsx';
import type { Deciding } from './use-decision.ts';

/** What became of a decision that did not go through, or not yet. */
export function DecisionOutcome({ deciding: { isAway, error } }: { deciding: Deciding }): ReactElement | null {
  if (isAway)
    return (
      <div className="notice notice-warn" role="status">
        <Icon name="clock" />
        <p>The server cannot be reached. Your decision is kept here and sent again until it is there; it counts once.</p>
      </div>
    );
  if (error === null) return null;
  return (
    <p className="field-error" role="alert">
      {messageOf(error)}
    </p>
  );
}
