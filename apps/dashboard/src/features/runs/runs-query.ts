import { type ListRunsResponse, type RunListItem, systemClock } from '@loopwright/protocol';
import { infiniteQueryOptions } from '@tanstack/react-query';
import { api } from '../../shared/api/api.ts';
import { CHANGED_LIMIT, useLiveList } from '../../shared/list/live-list.ts';
import { type Change, type ListPage, compareTexts } from '../../shared/list/merge-rows.ts';
import { NEWEST_FIRST, type RunsSearch, bulkFilterOf } from './runs-search.ts';

const PAGE = 100;

type Filter = NonNullable<Parameters<typeof api.runs.list>[0]>;

function filterOf(search: RunsSearch): Filter {
  const { run_id: _chosen, ...filter } = bulkFilterOf(search, systemClock.now());
  return {
    ...filter,
    ...(search.waiting === undefined ? {} : { waiting_for: 'me' }),
    sort: search.sort ?? NEWEST_FIRST,
  };
}

/** The list, page by page behind cursors that inserts do not disturb. */
export const runsQuery = (search: RunsSearch) =>
  infiniteQueryOptions({
    queryKey: ['runs', 'list', search],
    queryFn: async ({ pageParam, signal: _signal }) =>
      pageOf(await api.runs.list({ ...filterOf(search), limit: PAGE, ...(pageParam === null ? {} : { cursor: pageParam }) })),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    // Comparing ten thousand rows with themselves for each page that comes would hold up the scrolling.
    structuralSharing: false,
  });

/** Names a row of the list. */
export function runIdOf({ run_id: id }: RunListItem): string {
  return id;
}

/** Keeps the rows that are loaded as the runs are. */
export function useLiveRuns(search: RunsSearch): void {
  const { queryKey } = runsQuery(search);
  useLiveList<RunListItem>({
    queryKey,
    kindKey: ['runs', 'list'],
    changeOf: (ids) => changeOf(ids, filterOf(search)),
    idOf: runIdOf,
    compare: compareBy(search.sort ?? NEWEST_FIRST),
  });
}

function pageOf({ runs, total, next_cursor }: ListRunsResponse): ListPage<RunListItem> {
  return { rows: runs, total, next_cursor };
}

/** The server's order: by a field, and by the id where that is the same. */
function compareBy(sort: string): (one: RunListItem, other: RunListItem) => number {
  const isDescending = sort.startsWith('-');
  const field = (isDescending ? sort.slice(1) : sort) as 'created_at';
  return (one, other) => {
    const order = compareTexts(one[field] ?? '', other[field] ?? '') || compareTexts(one.run_id, other.run_id);
    return isDescending ? -order : order;
  };
}

/** What became of the runs of some executions: how they are, which of them fit, and how many fit in all. */
async function changeOf(ids: readonly string[], filter: Filter): Promise<Change<RunListItem>> {
  const run_id = ids.join(',');
  const [all, fitting, head] = await Promise.all([
    api.runs.list({ run_id, limit: CHANGED_LIMIT }),
    api.runs.list({ ...filter, run_id, limit: CHANGED_LIMIT }),
    api.runs.list({ ...filter, limit: 1 }),
  ]);
  return { known: all.runs, fitting: new Set(fitting.runs.map(runIdOf)), total: head.total };
}
