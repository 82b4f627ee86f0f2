import type { ReactElement, ReactNode } from 'react';
import './controls.css';
import { Icon, type IconName } from './icon.tsx';

/** What a colour means, everywhere: `wait` is waiting for people. */
export type Tone = 'neutral' | 'info' | 'good' | 'warn' | 'danger' | 'wait';

/** A short state in a pill. */
export function Badge({ tone = 'neutral', icon, children }: { tone?: Tone; icon?: IconName; children: ReactNode }): ReactElement {
  return (
    <span className={tone === 'neutral' ? 'badge' : `badge tone-${tone}`}>
      {icon === undefined ? null : <Icon name={icon} size={12} />}
      {children}
    </span>
  );
}

interface Look {
  readonly text: string;
  readonly tone: Tone;
  readonly icon: IconName;
}

/** How every status word of the API looks. */
const STATUSES: Readonly<Record<string, Look>> = {
  running: { text: 'Running', tone: 'info', icon: 'running' },
  in_progress: { text: 'In progress', tone: 'info', icon: 'running' },
  waiting: { text: 'Waiting', tone: 'wait', icon: 'person' },
  waiting_clarification: { text: 'Waiting', tone: 'wait', icon: 'person' },
  waiting_acceptance: { text: 'Waiting', tone: 'wait', icon: 'person' },
  paused: { text: 'Paused', tone: 'warn', icon: 'pause' },
  completed: { text: 'Completed', tone: 'good', icon: 'check' },
  failed: { text: 'Failed', tone: 'danger', icon: 'failed' },
  cancelled: { text: 'Cancelled', tone: 'neutral', icon: 'stop' },
  promoting: { text: 'Promoting', tone: 'info', icon: 'running' },
  rolled_back: { text: 'Rolled back', tone: 'warn', icon: 'skip' },
  pending: { text: 'Pending', tone: 'neutral', icon: 'circle' },
  skipped: { text: 'Skipped', tone: 'neutral', icon: 'skip' },
};

/** A status of the API, such as that of a run or a phase. */
export function StatusBadge({ status }: { status: string }): ReactElement {
  const { text, tone, icon } = STATUSES[status] ?? { text: status, tone: 'neutral', icon: 'circle' };
  return (
    <Badge tone={tone} icon={icon}>
      {text}
    </Badge>
  );
}
