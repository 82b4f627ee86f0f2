import type { PhaseInfo, RunDetail } from '@loopwright/protocol';
import { Suspense, lazy, type ReactElement } from 'react';
import { dollarText } from '../../shared/time/format.ts';
import { useNow } from '../../shared/time/now.ts';
import { Duration, Time } from '../../shared/time/time.tsx';
import { StatusBadge } from '../../shared/ui/badge.tsx';
import { phaseTitle } from '../../shared/ui/phase-title.ts';
import { Loading } from '../../shared/ui/states.tsx';
import { type Span, spansOf } from './spans.ts';

const StepsTable = lazy(async () => ({ default: (await import('./steps-table.tsx')).StepsTable }));
const DiagramView = lazy(async () => ({ default: (await import('./diagram/diagram-view.tsx')).DiagramView }));

/** The phases one under the other on one axis of time, each with what it took; `isWaiting` when people are asked. */
export function PhasesPanel({ run, isWaiting }: { run: RunDetail; isWaiting: boolean }): ReactElement {
  const isMoving = run.phases.some(({ status }) => status === 'in_progress');
  return (
    <div className="stack">
      {isMoving ? (
        <MovingTimeline run={run} isWaiting={isWaiting} />
      ) : (
        <Timeline run={run} isWaiting={isWaiting} now={Date.parse(run.completed_at ?? run.updated_at)} />
      )}
      <Suspense fallback={<Loading label="Loading the workflow" />}>
        <StepsTable run={run} />
        <DiagramView run={run} />
      </Suspense>
    </div>
  );
}

function MovingTimeline(props: { run: RunDetail; isWaiting: boolean }): ReactElement {
  return <Timeline {...props} now={useNow()} />;
}

function Timeline({ run, isWaiting, now }: { run: RunDetail; isWaiting: boolean; now: number }): ReactElement {
  const spans = spansOf(run.phases, now);
  return (
    <ol className="timeline" aria-label="Phases">
      {run.phases.map((phase) => (
        <Phase key={phase.phase} phase={phase} isWaiting={isWaiting} span={spans.get(phase.phase)} />
      ))}
    </ol>
  );
}

function Phase({ phase, isWaiting, span }: { phase: PhaseInfo; isWaiting: boolean; span: Span | undefined }): ReactElement {
  const { status, started_at: started, agent_ids: agents, artifacts_count: artifacts, advanced_by: by, cost } = phase;
  const paid = cost.actual_usd;
  return (
    <li className={`phase phase-${status}`} aria-current={status === 'in_progress' ? 'step' : undefined}>
      <div className="phase-name">
        <h2>{phaseTitle(phase.phase)}</h2>
        <StatusBadge status={status === 'in_progress' && isWaiting ? 'waiting' : status} />
      </div>
      <div className="phase-bar" aria-hidden="true">
        {span === undefined ? null : (
          <div className="phase-span" style={{ marginLeft: `${span.left}%`, width: `${span.width}%` }} />
        )}
      </div>
      <div className="phase-took">
        <Duration seconds={phase.duration_seconds} since={status === 'in_progress' ? started : null} />
      </div>
      <div className="phase-more muted">
        {started === null ? null : (
          <span>
            began <Time at={started} />
            {by === null ? '' : by === 'auto' ? ' by itself' : `, advanced by ${by}`}
          </span>
        )}
        {phase.skip_validation ? <span>gates skipped</span> : null}
        {agents.length === 0 ? null : <span>agents: {agents.join(', ')}</span>}
        {artifacts === 0 ? null : <span>{artifacts === 1 ? '1 artifact' : `${artifacts} artifacts`}</span>}
        {paid === null ? null : <span>{dollarText(paid)}</span>}
      </div>
      {phase.error_message === null ? null : <p className="phase-error">{phase.error_message}</p>}
    </li>
  );
}
