import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Suspense, lazy, type ReactElement, useCallback, useMemo, useState } from 'react';
import { type BulkAction, systemClock } from '@loopwright/protocol';
import { useSession } from '../../shared/api/session.tsx';
import { BulkBar } from '../../shared/list/bulk-bar.tsx';
import type { BulkWork } from '../../shared/list/bulk-dialog.tsx';
import { ChooseAll } from '../../shared/list/choose-column.tsx';
import { rowsOf } from '../../shared/list/merge-rows.ts';
import { countText } from '../../shared/list/nouns.ts';
import { SavedViews, type ViewsOf } from '../../shared/list/saved-views.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { DataTable } from '../../shared/ui/data-table.tsx';
import { EmptyState, ErrorState, Loading } from '../../shared/ui/states.tsx';
import { PageLink } from '../../shared/ui/page-link.tsx';
import { FirstVisit } from './first-visit.tsx';
import { RUNS, runColumns } from './run-columns.tsx';
import { RunFilters } from './run-filters.tsx';
import { NEWEST_FIRST, type RunsSearch, bulkFilterOf, filterText, isFiltered, runsSearchSchema } from './runs-search.ts';
import { runsWork } from './runs-bulk.ts';
import { runIdOf, runsQuery, useLiveRuns } from './runs-query.ts';
import './runs.css';

const BulkDialog = lazy(async () => ({ default: (await import('../../shared/list/bulk-dialog.tsx')).BulkDialog }));
const route = getRouteApi('/orchestrator/runs');

const VIEWS: ViewsOf<RunsSearch> = {
  list: 'runs',
  builtIn: [
    { name: 'Everything', query: {} },
    { name: 'Waiting for me', query: { waiting: true } },
    { name: 'Failed this week', query: { status: 'failed', since: '7d' } },
  ],
  read: (saved) => runsSearchSchema.parse(saved),
  wordsOf: filterText,
};

/** `/orchestrator/runs`: the runs that fit what the URL says, as they are now. */
export function RunsPage(): ReactElement {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { can } = useSession();
  const list = useInfiniteQuery(runsQuery(search));
  useLiveRuns(search);
  const rows = useMemo(() => (list.data === undefined ? [] : rowsOf(list.data, runIdOf)), [list.data]);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [bulk, setBulk] = useState<BulkWork>();
  const change = useCallback(
    (next: Partial<RunsSearch>, { replace = false } = {}) => {
      setChosen(new Set());
      void navigate({ search: (before) => ({ ...before, ...next }), replace });
    },
    [navigate],
  );
  const total = list.data?.pages[0]?.total ?? 0;
  const mayChange = can('executions:write');
  const columns = useMemo(() => runColumns(mayChange ? setChosen : undefined), [mayChange]);
  const begin = (action: BulkAction, isAll: boolean): void => {
    const filter = isAll ? bulkFilterOf(search, systemClock.now()) : { run_id: [...chosen] };
    setBulk(runsWork(action, filter, isAll ? `all that fit (${filterText(search)})` : `the ${chosen.size} chosen`));
  };
  return (
    <div className="page page-fill">
      <div className="page-head">
        <h1>Runs</h1>
        <span className="muted numeric" role="status">
          {list.data === undefined ? '' : countText(RUNS, total)}
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
        <SavedViews of={VIEWS} search={search} onOpen={(view) => void navigate({ search: view })} />
      </div>
      <RunFilters search={search} onChange={change} />
      {mayChange && rows.length > 0 ? (
        <BulkBar
          noun={RUNS}
          chosen={chosen.size}
          total={total}
          filter={{
            words: filterText(search),
            hasStatus: search.status !== undefined,
            isWaiting: search.waiting === true,
          }}
          onBegin={begin}
          onClear={() => setChosen(new Set())}
        />
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
          {...(mayChange
            ? { corner: <ChooseAll noun={RUNS} rows={rows} idOf={runIdOf} chosen={chosen} onChoose={setChosen} /> }
            : {})}
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
            work={bulk}
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

function NoRuns({ search, onReset }: { search: RunsSearch; onReset: () => void }): ReactElement {
  if (isFiltered(search))
    return (
      <EmptyState title="No run fits" action={<Button onClick={onReset}>Show all runs</Button>}>
        Looked for: {filterText(search)}.
      </EmptyState>
    );
  return <FirstVisit />;
}
