import type { Rollout, RolloutStatus } from '@loopwright/protocol';
import type { ReactElement } from 'react';
import { Badge, type Tone } from '../../../shared/ui/badge.tsx';
import type { IconName } from '../../../shared/ui/icon.tsx';

const LOOKS: Readonly<Record<RolloutStatus, { text: string; tone: Tone; icon: IconName }>> = {
  in_progress: { text: 'In progress', tone: 'info', icon: 'running' },
  paused: { text: 'Paused', tone: 'warn', icon: 'pause' },
  promoting: { text: 'Promoting', tone: 'info', icon: 'running' },
  completed: { text: 'Completed', tone: 'good', icon: 'check' },
  rolled_back: { text: 'Rolled back', tone: 'warn', icon: 'skip' },
  failed: { text: 'Failed', tone: 'danger', icon: 'failed' },
};

/** The state of a rollout. */
export function RolloutBadge({ rollout: { status } }: { rollout: Pick<Rollout, 'status'> }): ReactElement {
  const { text, tone, icon } = LOOKS[status];
  return (
    <Badge tone={tone} icon={icon}>
      {text}
    </Badge>
  );
}
