import { PlatformError, type RunDetail } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { Suspense, lazy, type ReactElement } from 'react';
import { Decisions } from '../../shared/human-task/decisions.tsx';
import { Duration, Time } from '../../shared/time/time.tsx';
import { StatusBadge } from '../../shared/ui/badge.tsx';
import { Copyable } from '../../shared/ui/copyable.tsx';
import { EmptyState, ErrorState, Loading } from '../../shared/ui/states.tsx';
import { usePageTitle } from '../../shared/ui/page-title.ts';
import { Tabs } from '../../shared/ui/tabs.tsx';
import { PhasesPanel } from './phases-panel.tsx';
import { RunControls } from './run-controls.tsx';
import { runQuery, tasksQuery, useLiveRun } from './run-queries.ts';
import type { RunSearch } from './run-search.ts';
import { WhyNotice } from './why-notice.tsx';
import './run.css';

const ArtifactsPanel = lazy(async () => ({ default: (await import('./artifacts/artifacts-panel.tsx')).ArtifactsPanel }));
const MetricsPanel = lazy(async () => ({ default: (await import('./metrics-panel.tsx')).MetricsPanel }));
const EventsPanel = lazy(async () => ({ default: (await import('./events-panel.tsx')).EventsPanel }));
const AuditPanel = lazy(async () => ({ default: (await import('./audit-panel.tsx')).AuditPanel }));
const route = getRouteApi('/orchestrator/runs/$runId');

/** `/orchestrator/runs/$runId`: where a run stands, why it does not move, what it made, and what can be done with it. */
export function RunPage(): ReactElement {
  const { runId } = route.useParams();
  const { data: run, error, refetch } = useQuery(runQuery(runId));
  useLiveRun(run, runId);
  if (run === undefined && error instanceof PlatformError && error.status === 404)
    return (
      <EmptyState isPage title="There is no such run" action={<Link to="/orchestrator/runs">All runs</Link>}>
        {error.message}. It may be of a project that you do not see.
      </EmptyState>
    );
  if (run === undefined && error !== null) return <ErrorState isPage error={error} retry={() => void refetch()} />;
  if (run === undefined) return <Loading label="Loading the run" lines={10} />;
  return <Run key={runId} run={run} />;
}

function Run({ run }: { run: RunDetail }): ReactElement {
  usePageTitle(run.project_name ?? 'Unnamed run');
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { data: tasks = [] } = useQuery(tasksQuery(run.run_id, run.execution_id));
  const select = (next: Partial<RunSearch>): void =>
    void navigate({ search: (before) => ({ ...before, ...next }), replace: true });
  const panels = {
    phases: <PhasesPanel run={run} isWaiting={run.status === 'running' && tasks.length > 0} />,
    artifacts: <ArtifactsPanel run={run} selected={search.artifact} onSelect={(artifact) => select({ artifact })} />,
    metrics: <MetricsPanel run={run} />,
    events: <EventsPanel run={run} selected={search.event} onSelect={(event) => select({ event })} />,
    audit: <AuditPanel run={run} />,
  };
  const tab = search.tab ?? 'phases';
  return (
    <div className="page">
      <RunHead run={run} isWaiting={tasks.length > 0} />
      <WhyNotice run={run} />
      {run.intake === null ? null : <Intake text={run.intake} />}
      <Decisions tasks={tasks} projectId={run.project_id} />
      <Tabs
        label="Views of the run"
        selected={tab}
        onSelect={(id) => select({ tab: id === 'phases' ? undefined : (id as RunSearch['tab']) })}
        tabs={(['phases', 'artifacts', 'metrics', 'events', 'audit'] as const).map((id) => ({
          id,
          label: id.charAt(0).toUpperCase() + id.slice(1),
          panel: <Suspense fallback={<Loading label="Loading" />}>{id === tab ? panels[id] : null}</Suspense>,
        }))}
      />
    </div>
  );
}

/** What was asked for: its first line, and all of it when it is opened. */
function Intake({ text }: { text: string }): ReactElement {
  return (
    <details className="intake">
      <summary>
        <span className="muted">Intake</span> <span className="truncate">{text.trim().split('\n', 1)[0]}</span>
      </summary>
      <pre className="card">{text}</pre>
    </details>
  );
}

function RunHead({ run, isWaiting }: { run: RunDetail; isWaiting: boolean }): ReactElement {
  const done = run.phases.filter(({ status }) => status === 'completed' || status === 'skipped').length;
  return (
    <>
      <div className="page-head">
        <h1>{run.project_name ?? 'Unnamed run'}</h1>
        <StatusBadge status={run.status === 'running' && isWaiting ? 'waiting' : run.status} />
        <span className="grow" />
        <RunControls run={run} />
      </div>
      <dl className="run-facts">
        <div>
          <dt>Run</dt>
          <dd>
            <Copyable text={run.run_id} label="the id of the run" />
          </dd>
        </div>
        <div>
          <dt>Profile</dt>
          <dd>
            <Link to="/orchestrator/runs" search={{ profile: run.profile }} className="mono">
              {run.profile}
            </Link>
          </dd>
        </div>
        <div>
          <dt>Project</dt>
          <dd>{run.project_id}</dd>
        </div>
        <div>
          <dt>Advances</dt>
          <dd>{run.mode === 'auto' ? 'By itself' : 'By hand'}</dd>
        </div>
        <div>
          <dt>Created</dt>
          <dd>
            <Time at={run.created_at} /> by {run.created_by}
          </dd>
        </div>
        <div>
          <dt>Took</dt>
          <dd>
            <Duration seconds={run.total_duration_seconds} />
          </dd>
        </div>
        <div>
          <dt>Phases</dt>
          <dd className="numeric">
            {done} of {run.phases.length}
          </dd>
        </div>
        {run.cloned_from === null ? null : (
          <div>
            <dt>Cloned from</dt>
            <dd>
              <Link to="/orchestrator/runs/$runId" params={{ runId: run.cloned_from }} className="mono">
                {run.cloned_from.slice(0, 8)}
              </Link>
            </dd>
          </div>
        )}
      </dl>
    </>
  );
}
