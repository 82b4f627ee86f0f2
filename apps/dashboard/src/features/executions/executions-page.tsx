import { executionStatusSchema } from '@loopwright/protocol';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { type ReactElement, useMemo } from 'react';
import { Duration, Time } from '../../shared/time/time.tsx';
import { StatusBadge } from '../../shared/ui/badge.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { type Column, DataTable } from '../../shared/ui/data-table.tsx';
import { SelectField } from '../../shared/ui/field.tsx';
import { PageLink } from '../../shared/ui/page-link.tsx';
import { usePageTitle } from '../../shared/ui/page-title.ts';
import { EmptyState, ErrorState, Loading } from '../../shared/ui/states.tsx';
import { TypedField } from '../../shared/ui/typed-field.tsx';
import { executionsQuery, useLiveExecutions } from './executions-query.ts';
import type { ExecutionsSearch } from './executions-search.ts';
import { type ExecutionItem, executionsOf } from './merge-executions.ts';
import './executions.css';

const route = getRouteApi('/orchestrator/executions');

/** `/orchestrator/executions`: every execution of a workflow, those of runs and those that belong to none. */
export function ExecutionsPage(): ReactElement {
  usePageTitle('Executions');
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const list = useInfiniteQuery(executionsQuery(search));
  useLiveExecutions(search);
  const rows = useMemo(() => (list.data === undefined ? [] : executionsOf(list.data)), [list.data]);
  const total = list.data?.pages[0]?.total ?? 0;
  const change = (next: Partial<ExecutionsSearch>): void => void navigate({ search: (before) => ({ ...before, ...next }) });
  const isFiltered = Object.values(search).some((value) => value !== undefined);
  return (
    <div className="page page-fill">
      <div className="page-head">
        <h1>Executions</h1>
        <span className="muted numeric" role="status">
          {list.data === undefined ? '' : `${total.toLocaleString('en')} ${total === 1 ? 'execution' : 'executions'}`}
        </span>
        <span className="grow" />
        <PageLink path="/orchestrator/runs" className="button button-quiet">
          Runs
        </PageLink>
      </div>
      <search className="execution-filters" aria-label="Filter the executions">
        <SelectField
          label="Status"
          value={search.status ?? ''}
          onChange={({ target }) => change({ status: executionStatusSchema.safeParse(target.value).data })}
        >
          <option value="">Any</option>
          {executionStatusSchema.options.map((status) => (
            <option key={status} value={status}>
              {status.replace('_', ' for ').replace(/^./, (letter) => letter.toUpperCase())}
            </option>
          ))}
        </SelectField>
        <TypedField label="Workflow" value={search.workflow} onValue={(workflow) => change({ workflow })} />
        <TypedField label="Project" value={search.project} onValue={(project) => change({ project })} />
      </search>
      {list.isPending ? <Loading label="Loading the executions" lines={12} /> : null}
      {list.error !== null && rows.length === 0 ? <ErrorState error={list.error} retry={() => void list.refetch()} /> : null}
      {list.isSuccess && rows.length === 0 ? (
        isFiltered ? (
          <EmptyState
            title="No execution fits"
            action={<Button onClick={() => void navigate({ search: {} })}>Show all executions</Button>}
          >
            Workflow and project are their whole ids.
          </EmptyState>
        ) : (
          <EmptyState title="There are no executions yet" action={<PageLink path="/new-run">New run</PageLink>}>
            Each run is one, and each workflow that is started by a request, a schedule or an event.
          </EmptyState>
        )
      ) : null}
      {rows.length > 0 ? (
        <DataTable
          label="Executions"
          rows={rows}
          total={total}
          columns={COLUMNS}
          rowKey={keyOf}
          onEnd={() => (list.hasNextPage && !list.isFetchingNextPage ? void list.fetchNextPage() : undefined)}
        />
      ) : null}
    </div>
  );
}

function keyOf({ execution_id: id }: ExecutionItem): string {
  return id;
}

const COLUMNS: readonly Column<ExecutionItem>[] = [
  {
    id: 'workflow',
    header: 'Execution',
    cell: ({ execution_id: id, workflow_id: workflow }) => (
      <PageLink path={`/orchestrator/executions/${encodeURIComponent(id)}`} className="truncate execution-name" title={id}>
        <strong>{workflow}</strong> <span className="mono muted">{id.slice(0, 8)}</span>
      </PageLink>
    ),
  },
  { id: 'state', header: 'Status', width: '130px', cell: ({ status }) => <StatusBadge status={status} /> },
  {
    id: 'execution-project',
    header: 'Project',
    width: '180px',
    cell: ({ project_id: project }) => <span className="truncate">{project}</span>,
  },
  { id: 'execution-started', header: 'Started', width: '150px', cell: ({ started_at: at }) => <Time at={at} /> },
  {
    id: 'execution-took',
    header: 'Took',
    width: '110px',
    align: 'end',
    cell: ({ started_at: from, completed_at: to }) => (
      <Duration
        seconds={from === null || to === null ? null : (Date.parse(to) - Date.parse(from)) / 1000}
        since={to === null ? from : null}
      />
    ),
  },
];
