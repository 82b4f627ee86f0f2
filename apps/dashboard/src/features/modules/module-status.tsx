import type { ReactElement } from 'react';
import { Badge, type Tone } from '../../shared/ui/badge.tsx';
import type { IconName } from '../../shared/ui/icon.tsx';

const LOOKS: Readonly<Record<string, readonly [text: string, tone: Tone, icon: IconName]>> = {
  running: ['Running', 'good', 'check'],
  starting: ['Starting', 'info', 'running'],
  replacing: ['Being replaced', 'info', 'running'],
  backing_off: ['Waits before a restart', 'warn', 'clock'],
  draining: ['Draining', 'warn', 'pause'],
  drained: ['Drained', 'warn', 'pause'],
  stopping: ['Stopping', 'warn', 'stop'],
  stopped: ['Stopped', 'neutral', 'stop'],
  failed: ['Given up', 'danger', 'failed'],
  waiting: ['Not attached', 'wait', 'clock'],
};

/** How a module is. */
export function ModuleStatus({ status }: { status: string }): ReactElement {
  const [text, tone, icon] = LOOKS[status] ?? [status, 'neutral', 'circle'];
  return (
    <Badge tone={tone} icon={icon}>
      {text}
    </Badge>
  );
}
