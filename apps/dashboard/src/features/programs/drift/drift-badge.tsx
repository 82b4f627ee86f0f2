import type { DriftState } from '@loopwright/protocol';
import type { ReactElement } from 'react';
import { Badge, type Tone } from '../../../shared/ui/badge.tsx';
import type { IconName } from '../../../shared/ui/icon.tsx';

const LOOKS: Readonly<Record<DriftState, { text: string; tone: Tone; icon: IconName }>> = {
  learning: { text: 'Learning what is normal', tone: 'neutral', icon: 'clock' },
  stable: { text: 'Stable', tone: 'good', icon: 'check' },
  suspect: { text: 'May drift', tone: 'warn', icon: 'warning' },
  drifting: { text: 'Drifting', tone: 'danger', icon: 'warning' },
  recovering: { text: 'Calming down', tone: 'info', icon: 'running' },
};

/** Whether traffic and quality are what they were. */
export function DriftBadge({ state }: { state: DriftState }): ReactElement {
  const { text, tone, icon } = LOOKS[state];
  return (
    <Badge tone={tone} icon={icon}>
      {text}
    </Badge>
  );
}
