import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Suspense, lazy, type ReactElement, useCallback, useMemo, useState } from 'react';
import type { RunBulkAction, RunBulkFilter } from '@loopwright/protocol';
import { systemClock } from '@loopwright/protocol';
import { useSession } from '../../shared/api/session.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { DataTable } from '../../shared/ui/data-table.tsx';
import { EmptyState, ErrorState, Loading } from '../../shared/ui/states.tsx';
import { PageLink } from '../../shared/ui/page-link.tsx';
import { BulkBar } from './bulk-bar.tsx';
import { FirstVisit } from './first-visit.tsx';
import { rowsOf } from './merge-runs.ts';
import { runColumns } from './run-columns.tsx';
import { RunFilters } from './run-filters.tsx';
import { NEWEST_FIRST, type RunsSearch, bulkFilterOf, filterText, isFiltered } from './runs-search.ts';
import { runsQuery, useLiveRuns } from './runs-query.ts';
import { SavedViews } from './saved-views.tsx';
import './runs.css';

const BulkDialog = lazy(async () => ({ default: (await import('./bulk-dialog.tsx')).BulkDialog }));
const route = getRouteApi('/orchestrator/runs');

/** `/orchestrator/runs`: the runs that fit what the URL says, as they are now. */
export function RunsPage(): ReactElement {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { can } = useSession();
  const list = useInfiniteQuery(runsQuery(search));
  useLiveRuns(search);
  const rows = useMemo(() => (list.data === undefined ? [] : rowsOf(list.data)), [list.data]);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [bulk, setBulk] = useState<{ action: RunBulkAction; filter: RunBulkFilter; words: string }>();
  const change = useCallback(
    (next: Partial<RunsSearch>, { replace = false } = {}) => {
      setChosen(new Set());
      void navigate({ search: (before) => ({ ...before, ...next }), replace });
    },
    [navigate],
  );
  const total = list.data?.pages[0]?.total ?? 0;
  const mayChange = can('executions:write');
  const columns = useMemo(
    () => runColumns({ rows, chosen, onChoose: setChosen, mayChoose: mayChange }),
    [rows, chosen, mayChange],
  );
  const begin = (action: RunBulkAction, isAll: boolean): void => {
    const filter = isAll ? bulkFilterOf(search, systemClock.now()) : { run_id: [...chosen] };
    setBulk({ action, filter, words: isAll ? `all that fit (${filterText(search)})` : `the ${chosen.size} chosen` });
  };
  return (
    <div className="page page-fill">
      <div className="page-head">
        <h1>Runs</h1>
        <span className="muted numeric" role="status">
          {list.data === undefined ? '' : `${total.toLocaleString('en')} ${total === 1 ? 'run' : 'runs'}`}
        </span>
        <span className="grow" />
        <PageLink path="/orchestrator/executions" className="button button-quiet">
          Executions
        </PageLink>
        {mayChange ? (
          <PageLink path="/new-run" className="button runs-new">
            New run
          </PageLink>
        ) : null}
        <SavedViews search={search} onOpen={(view) => void navigate({ search: view })} />
      </div>
      <RunFilters search={search} onChange={change} />
      {mayChange && rows.length > 0 ? (
        <BulkBar chosen={chosen.size} total={total} search={search} onBegin={begin} onClear={() => setChosen(new Set())} />
      ) : null}
      {list.isPending ? <Loading label="Loading the runs" lines={12} /> : null}
      {list.error !== null && rows.length === 0 ? <ErrorState error={list.error} retry={() => void list.refetch()} /> : null}
      {list.isSuccess && rows.length === 0 ? <NoRuns search={search} onReset={() => void navigate({ search: {} })} /> : null}
      {rows.length > 0 ? (
        <DataTable
          label="Runs"
          rows={rows}
          total={total}
          columns={columns}
          rowKey={runIdOf}
          sort={search.sort ?? NEWEST_FIRST}
          onSort={(sort) => change({ sort: sort as RunsSearch['sort'] })}
          isSelected={({ run_id }) => chosen.has(run_id)}
          onEnd={() => (list.hasNextPage && !list.isFetchingNextPage ? void list.fetchNextPage() : undefined)}
        />
      ) : null}
      {bulk === undefined ? null : (
        <Suspense>
          <BulkDialog
            {...bulk}
            onClose={(isBegun) => {
              setBulk(undefined);
              if (isBegun) setChosen(new Set());
            }}
          />
        </Suspense>
      )}
    </div>
  );
}

function runIdOf({ run_id }: { run_id: string }): string {
  return run_id;
}

function NoRuns({ search, onReset }: { search: RunsSearch; onReset: () => void }): ReactElement {
  if (isFiltered(search))
    return (
      <EmptyState title="No run fits" action={<Button onClick={onReset}>Show all runs</Button>}>
        Looked for: {filterText(search)}.
      </EmptyState>
    );
  return <FirstVisit />;
}
