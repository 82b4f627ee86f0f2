import { type BulkAction, systemClock } from '@loopwright/protocol';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Suspense, lazy, type ReactElement, useCallback, useMemo, useState } from 'react';
import { useSession } from '../../shared/api/session.tsx';
import { BulkBar } from '../../shared/list/bulk-bar.tsx';
import type { BulkWork } from '../../shared/list/bulk-dialog.tsx';
import { ChooseAll } from '../../shared/list/choose-column.tsx';
import { rowsOf } from '../../shared/list/merge-rows.ts';
import { countText } from '../../shared/list/nouns.ts';
import { SavedViews, type ViewsOf } from '../../shared/list/saved-views.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { DataTable } from '../../shared/ui/data-table.tsx';
import { PageLink } from '../../shared/ui/page-link.tsx';
import { usePageTitle } from '../../shared/ui/page-title.ts';
import { EmptyState, ErrorState, Loading } from '../../shared/ui/states.tsx';
import { EXECUTIONS, executionColumns } from './execution-columns.tsx';
import { ExecutionFilters } from './execution-filters.tsx';
import { executionsWork } from './executions-bulk.ts';
import { executionIdOf, executionsQuery, useLiveExecutions } from './executions-query.ts';
import {
  type ExecutionsSearch,
  NEWEST_FIRST,
  bulkFilterOf,
  executionsSearchSchema,
  filterText,
  isFiltered,
} from './executions-search.ts';
import './executions.css';

const BulkDialog = lazy(async () => ({ default: (await import('../../shared/list/bulk-dialog.tsx')).BulkDialog }));
const route = getRouteApi('/orchestrator/executions');

const VIEWS: ViewsOf<ExecutionsSearch> = {
  list: 'executions',
  builtIn: [
    { name: 'Everything', query: {} },
    { name: 'Waiting for me', query: { waiting: true } },
    { name: 'Failed this week', query: { status: 'failed', since: '7d' } },
  ],
  read: (saved) => executionsSearchSchema.parse(saved),
  wordsOf: filterText,
};

/** `/orchestrator/executions`: every execution of a workflow, those of runs and those that belong to none, as they are now. */
export function ExecutionsPage(): ReactElement {
  usePageTitle('Executions');
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { can } = useSession();
  const list = useInfiniteQuery(executionsQuery(search));
  useLiveExecutions(search);
  const rows = useMemo(() => (list.data === undefined ? [] : rowsOf(list.data, executionIdOf)), [list.data]);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [bulk, setBulk] = useState<BulkWork>();
  const change = useCallback(
    (next: Partial<ExecutionsSearch>, { replace = false } = {}) => {
      setChosen(new Set());
      void navigate({ search: (before) => ({ ...before, ...next }), replace });
    },
    [navigate],
  );
  const total = list.data?.pages[0]?.total ?? 0;
  const mayChange = can('executions:write');
  const columns = useMemo(() => executionColumns(mayChange ? setChosen : undefined), [mayChange]);
  const words = filterText(search);
  const begin = (action: BulkAction, isAll: boolean): void => {
    const filter = isAll ? bulkFilterOf(search, systemClock.now()) : { execution_id: [...chosen] };
    setBulk(executionsWork(action, filter, isAll ? `all that fit (${words})` : `the ${chosen.size} chosen`));
  };
  return (
    <div className="page page-fill">
      <div className="page-head">
        <h1>Executions</h1>
        <span className="muted numeric" role="status">
          {list.data === undefined ? '' : countText(EXECUTIONS, total)}
        </span>
        <span className="grow" />
        <PageLink path="/orchestrator/runs" className="button button-quiet">
          Runs
        </PageLink>
        <SavedViews of={VIEWS} search={search} onOpen={(view) => void navigate({ search: view })} />
      </div>
      <ExecutionFilters search={search} onChange={change} />
      {mayChange && rows.length > 0 ? (
        <BulkBar
          noun={EXECUTIONS}
          chosen={chosen.size}
          total={total}
          filter={{ words, hasStatus: search.status !== undefined, isWaiting: search.waiting === true }}
          onBegin={begin}
          onClear={() => setChosen(new Set())}
        />
      ) : null}
      {list.isPending ? <Loading label="Loading the executions" lines={12} /> : null}
      {list.error !== null && rows.length === 0 ? <ErrorState error={list.error} retry={() => void list.refetch()} /> : null}
      {list.isSuccess && rows.length === 0 ? (
        <NoExecutions search={search} onReset={() => void navigate({ search: {} })} />
      ) : null}
      {rows.length > 0 ? (
        <DataTable
          label="Executions"
          rows={rows}
          total={total}
          columns={columns}
          {...(mayChange
            ? { corner: <ChooseAll noun={EXECUTIONS} rows={rows} idOf={executionIdOf} chosen={chosen} onChoose={setChosen} /> }
            : {})}
          rowKey={executionIdOf}
          sort={search.sort ?? NEWEST_FIRST}
          onSort={(sort) => change({ sort: sort as ExecutionsSearch['sort'] })}
          isSelected={({ execution_id: id }) => chosen.has(id)}
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

function NoExecutions({ search, onReset }: { search: ExecutionsSearch; onReset: () => void }): ReactElement {
  if (isFiltered(search))
    return (
      <EmptyState title="No execution fits" action={<Button onClick={onReset}>Show all executions</Button>}>
        Looked for: {filterText(search)}. Workflow and project are their whole ids.
      </EmptyState>
    );
  return (
    <EmptyState title="There are no executions yet" action={<PageLink path="/new-run">New run</PageLink>}>
      Each run is one, and each workflow that is started by a request, a schedule or an event.
    </EmptyState>
  );
}
