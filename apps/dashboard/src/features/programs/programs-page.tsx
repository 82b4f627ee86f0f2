import type { DailyAnalytics, ProgramSummary } from '@loopwright/protocol';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { type ReactElement, useMemo, useState } from 'react';
import { countText, latencyText, percentText } from '../../shared/time/format.ts';
import { Button } from '../../shared/ui/button.tsx';
import { type Column, DataTable } from '../../shared/ui/data-table.tsx';
import { TextField } from '../../shared/ui/field.tsx';
import { PageLink } from '../../shared/ui/page-link.tsx';
import { EmptyState, ErrorState, Loading } from '../../shared/ui/states.tsx';
import { HealthBadge } from './health-badge.tsx';
import { programsQuery, todayQuery } from './program-queries.ts';
import './programs.css';

const route = getRouteApi('/programs');

/** `/programs`: what is served, and how it does. */
export function ProgramsPage(): ReactElement {
  const { q } = route.useSearch();
  const navigate = route.useNavigate();
  const list = useInfiniteQuery(programsQuery(q));
  const rows = useMemo(() => list.data?.pages.flatMap(({ programs }) => programs) ?? [], [list.data]);
  const total = list.data?.pages[0]?.total ?? 0;
  const [typed, setTyped] = useState(q ?? '');
  const look = (text: string): void => {
    setTyped(text);
    void navigate({ search: text.trim() === '' ? {} : { q: text.trim() }, replace: true });
  };
  return (
    <div className="page page-fill">
      <div className="page-head">
        <h1>Programs</h1>
        <span className="muted numeric" role="status">
          {list.data === undefined ? '' : `${countText(total)} ${total === 1 ? 'program' : 'programs'}`}
        </span>
      </div>
      <search className="program-filter" aria-label="Filter the programs">
        <TextField label="Name" type="search" maxLength={63} placeholder="Part of a name  ( / )" value={typed} onText={look} />
      </search>
      {list.isPending ? <Loading label="Loading the programs" lines={10} /> : null}
      {list.error !== null && rows.length === 0 ? <ErrorState error={list.error} retry={() => void list.refetch()} /> : null}
      {list.isSuccess && rows.length === 0 ? <NoPrograms q={q} onReset={() => look('')} /> : null}
      {rows.length > 0 ? (
        <DataTable
          label="Programs"
          rows={rows}
          total={total}
          columns={COLUMNS}
          rowKey={({ name }) => name}
          onEnd={() => (list.hasNextPage && !list.isFetchingNextPage ? void list.fetchNextPage() : undefined)}
        />
      ) : null}
    </div>
  );
}

const COLUMNS: readonly Column<ProgramSummary>[] = [
  {
    id: 'program',
    header: 'Program',
    cell: ({ name }) => (
      <PageLink path={`/programs/${name}`} className="truncate program-name">
        <strong>{name}</strong>
      </PageLink>
    ),
  },
  { id: 'health', header: 'Health', width: '140px', cell: (program) => <HealthBadge program={program} /> },
  {
    id: 'active',
    header: 'Active',
    width: '110px',
    cell: ({ active_version: active, versions }) => (
      <span className="numeric nowrap">
        {active === null ? <span className="muted">none</span> : `v${active}`} <span className="muted">of {versions.length}</span>
      </span>
    ),
  },
  {
    id: 'requests',
    header: 'Requests today',
    width: '130px',
    align: 'end',
    cell: (program) => <Today program={program} text={({ total_executions: total }) => countText(total)} />,
  },
  {
    id: 'success',
    header: 'Answered',
    width: '100px',
    align: 'end',
    cell: (program) => (
      <Today program={program} text={(day) => (day.total_executions === 0 ? null : percentText(day.success_rate))} />
    ),
  },
  {
    id: 'latency',
    header: 'p99',
    width: '90px',
    align: 'end',
    cell: (program) => (
      <Today program={program} text={(day) => (day.successful_executions === 0 ? null : latencyText(day.p99_latency_ms))} />
    ),
  },
  { id: 'project', header: 'Project', width: '160px', cell: ({ project_id: id }) => <span className="truncate">{id}</span> },
];

/** A figure of today; nothing where there is none. */
function Today({
  program: { name, active_version: active, edge_url: edge },
  text,
}: {
  program: ProgramSummary;
  text: (day: DailyAnalytics) => string | null;
}): ReactElement {
  const { data, isLoading } = useQuery({ ...todayQuery(name), enabled: edge !== null });
  if (isLoading) return <span className="skeleton" aria-busy="true" />;
  const shown = data === undefined ? null : text(data);
  if (shown !== null) return <span className="numeric">{shown}</span>;
  const why = edge === null ? 'the edge is not running' : active === null ? 'no version is active' : 'no request today';
  return (
    <span className="muted" title={`Not measured: ${why}`}>
      –
    </span>
  );
}

function NoPrograms({ q, onReset }: { q: string | undefined; onReset: () => void }): ReactElement {
  if (q !== undefined)
    return (
      <EmptyState title="No program is called that" action={<Button onClick={onReset}>Show all programs</Button>}>
        Looked for names with “{q}” in them.
      </EmptyState>
    );
  return (
    <EmptyState title="There are no programs yet" action={<code>npm run demo</code>}>
      A program comes out of a run, or of the workflow “program-from-examples”: labelled examples go in, a tested and accepted
      version comes out and is served here.
    </EmptyState>
  );
}
