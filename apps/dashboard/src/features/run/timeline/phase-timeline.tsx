import type { PhaseInfo, RunDetail, Wait } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { dollarText } from '../../../shared/time/format.ts';
import { useNow } from '../../../shared/time/now.ts';
import { Duration, Time } from '../../../shared/time/time.tsx';
import { StatusBadge } from '../../../shared/ui/badge.tsx';
import { phaseTitle } from '../../../shared/ui/phase-title.ts';
import { waitsQuery } from '../run-queries.ts';
import { type Axis, axisOf, spanOn } from './axis.ts';
import { phaseOfWait } from './phase-of-wait.ts';
import { WaitRows } from './wait-rows.tsx';
import { WaitsNote } from './waits-note.tsx';

interface Props {
  readonly run: RunDetail;
  /** Whether people are asked. */
  readonly isWaiting: boolean;
  readonly waits: readonly Wait[];
}

/** The phases one under the other on one axis of time, each with what it took and what it waited for. */
export function PhaseTimeline({ run, isWaiting }: Pick<Props, 'run' | 'isWaiting'>): ReactElement {
  const { data } = useQuery(waitsQuery(run.run_id, run.execution_id));
  const waits = data?.waits ?? [];
  const isMoving =
    run.phases.some(({ status }) => status === 'in_progress') ||
    waits.some(({ ended_at, was_in_vain }) => ended_at === null && !was_in_vain);
  const props = { run, isWaiting, waits };
  return (
    <div className="stack">
      {isMoving ? <MovingTimeline {...props} /> : <Timeline {...props} now={Date.parse(run.completed_at ?? run.updated_at)} />}
      <WaitsNote list={data} />
    </div>
  );
}

function MovingTimeline(props: Props): ReactElement {
  return <Timeline {...props} now={useNow()} />;
}

function Timeline({ run, isWaiting, waits, now }: Props & { now: number }): ReactElement {
  const axis = axisOf([...run.phases.map(periodOf), ...waits], now);
  const ofPhase = Map.groupBy(waits, (wait) => phaseOfWait(wait, run.phases));
  return (
    <ol className="timeline" aria-label="Phases">
      {run.phases.map((phase) => (
        <Phase key={phase.phase} phase={phase} isWaiting={isWaiting} axis={axis} waits={ofPhase.get(phase.phase) ?? []} />
      ))}
    </ol>
  );
}

function periodOf({ started_at, completed_at: ended_at }: PhaseInfo): { started_at: string | null; ended_at: string | null } {
  return { started_at, ended_at };
}

function Phase({
  phase,
  isWaiting,
  axis,
  waits,
}: {
  phase: PhaseInfo;
  isWaiting: boolean;
  axis: Axis;
  waits: readonly Wait[];
}): ReactElement {
  const { status, started_at: started, agent_ids: agents, artifacts_count: artifacts, advanced_by: by, cost } = phase;
  const paid = cost.actual_usd;
  const span = spanOn(axis, periodOf(phase));
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
      <WaitRows label={`Waits of ${phaseTitle(phase.phase)}`} waits={waits} axis={axis} />
    </li>
  );
}
