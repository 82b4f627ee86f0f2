import { type ExecutionResponse, PlatformError } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { Suspense, lazy, type ReactElement } from 'react';
import { Decisions } from '../../../shared/human-task/decisions.tsx';
import { StatusBadge } from '../../../shared/ui/badge.tsx';
import { usePageTitle } from '../../../shared/ui/page-title.ts';
import { EmptyState, ErrorState, Loading } from '../../../shared/ui/states.tsx';
import { Tabs } from '../../../shared/ui/tabs.tsx';
import { executionQuery, tasksQuery } from '../run-queries.ts';
import { CancelledNotice } from '../cancelled-notice.tsx';
import { Why } from '../why-notice.tsx';
import { ExecutionControls } from './execution-controls.tsx';
import { ExecutionFacts } from './execution-facts.tsx';
import { executionWhyQuery, runOfQuery, useLiveExecution } from './execution-queries.ts';
import type { ExecutionSearch } from './execution-search.ts';
import { StepsPanel } from './steps-panel.tsx';
import '../run.css';

const EventsPanel = lazy(async () => ({ default: (await import('../events-panel.tsx')).EventsPanel }));
const AuditPanel = lazy(async () => ({ default: (await import('../audit-panel.tsx')).AuditPanel }));
const route = getRouteApi('/orchestrator/executions/$executionId');

/** `/orchestrator/executions/$executionId`: where an execution of a workflow stands, why it does not move, and what can be done with it. */
export function ExecutionPage(): ReactElement {
  const { executionId } = route.useParams();
  const { data, error, refetch } = useQuery(executionQuery(executionId, executionId));
  useLiveExecution(executionId);
  if (data === undefined && error instanceof PlatformError && error.status === 404)
    return (
      <EmptyState isPage title="There is no such execution" action={<Link to="/orchestrator/executions">All executions</Link>}>
        {error.message}. It may be of a project that you do not see, or gone by retention.
      </EmptyState>
    );
  if (data === undefined && error !== null) return <ErrorState isPage error={error} retry={() => void refetch()} />;
  if (data === undefined) return <Loading label="Loading the execution" lines={10} />;
  return <Shown key={executionId} execution={data} />;
}

function Shown({ execution }: { execution: ExecutionResponse }): ReactElement {
  const { execution_id: id, project_id: projectId, workflow_id: workflow, status } = execution;
  usePageTitle(workflow);
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const of = { run_id: id, execution_id: id };
  const { data: tasks = [] } = useQuery(tasksQuery(id, id));
  const { data: why } = useQuery(executionWhyQuery(id));
  const { data: run } = useQuery(runOfQuery(id));
  const select = (next: Partial<ExecutionSearch>): void =>
    void navigate({ search: (before) => ({ ...before, ...next }), replace: true });
  const tab = search.tab ?? 'steps';
  const panels = {
    steps: <StepsPanel execution={execution} />,
    events: <EventsPanel run={of} selected={search.event} onSelect={(event) => select({ event })} />,
    audit: <AuditPanel run={of} />,
  };
  return (
    <div className="page">
      <div className="page-head">
        <h1>{workflow}</h1>
        <StatusBadge status={status} />
        <span className="grow" />
        <ExecutionControls execution={execution} run={run} />
      </div>
      <ExecutionFacts execution={execution} run={run} />
      {why === undefined || status === 'completed' || status === 'cancelled' ? null : (
        <Why why={why} isFailed={status === 'failed'} />
      )}
      {status === 'cancelled' ? <CancelledNotice of={of} /> : null}
      <Decisions tasks={tasks} projectId={projectId} />
      <Tabs
        label="Views of the execution"
        selected={tab}
        onSelect={(next) => select({ tab: next === 'steps' ? undefined : (next as ExecutionSearch['tab']) })}
        tabs={(['steps', 'events', 'audit'] as const).map((one) => ({
          id: one,
          label: one.charAt(0).toUpperCase() + one.slice(1),
          panel: <Suspense fallback={<Loading label="Loading" />}>{one === tab ? panels[one] : null}</Suspense>,
        }))}
      />
    </div>
  );
}
