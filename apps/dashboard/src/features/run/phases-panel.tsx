import type { RunDetail } from '@loopwright/protocol';
import { Suspense, lazy, type ReactElement } from 'react';
import { Loading } from '../../shared/ui/states.tsx';
import { PhaseTimeline } from './timeline/phase-timeline.tsx';

const StepsTable = lazy(async () => ({ default: (await import('./steps-table.tsx')).StepsTable }));
const DiagramView = lazy(async () => ({ default: (await import('./diagram/diagram-view.tsx')).DiagramView }));

/** The phases in time, the steps that they came to, and the workflow; `isWaiting` when people are asked. */
export function PhasesPanel({ run, isWaiting }: { run: RunDetail; isWaiting: boolean }): ReactElement {
  return (
    <div className="stack">
      <PhaseTimeline run={run} isWaiting={isWaiting} />
      <Suspense fallback={<Loading label="Loading the workflow" />}>
        <StepsTable run={run} />
        <DiagramView run={run} />
      </Suspense>
    </div>
  );
}
