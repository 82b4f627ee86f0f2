import { type ExecutionList, systemClock } from '@loopwright/protocol';
import { infiniteQueryOptions } from '@tanstack/react-query';
import { api } from '../../shared/api/api.ts';
import { CHANGED_LIMIT, useLiveList } from '../../shared/list/live-list.ts';
import { type Change, type ListPage, compareTexts } from '../../shared/list/merge-rows.ts';
import { type ExecutionsSearch, NEWEST_FIRST, bulkFilterOf } from './executions-search.ts';

const PAGE = 100;

/** An execution as lists show it. */
export type ExecutionItem = ExecutionList['executions'][number];

type Filter = NonNullable<Parameters<typeof api.executions>[0]>;

function filterOf(search: ExecutionsSearch): Filter {
  const { definition_digest: _digest, execution_id: _chosen, ...filter } = bulkFilterOf(search, systemClock.now());
  return {
    ...filter,
    ...(search.waiting === undefined ? {} : { waiting_for: 'me' }),
    sort: search.sort ?? NEWEST_FIRST,
  };
}

/** The list, page by page behind cursors that inserts do not disturb. */
export const executionsQuery = (search: ExecutionsSearch) =>
  infiniteQueryOptions({
    queryKey: ['executions', search],
    queryFn: async ({ pageParam }) =>
      pageOf(await api.executions({ ...filterOf(search), limit: PAGE, ...(pageParam === null ? {} : { cursor: pageParam }) })),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    // Comparing ten thousand rows with themselves for each page that comes would hold up the scrolling.
    structuralSharing: false,
  });

/** Names a row of the list. */
export function executionIdOf({ execution_id: id }: ExecutionItem): string {
  return id;
}

/** Keeps the rows that are loaded as the executions are, and takes in new ones. */
export function useLiveExecutions(search: ExecutionsSearch): void {
  const { queryKey } = executionsQuery(search);
  useLiveList<ExecutionItem>({
    queryKey,
    kindKey: ['executions'],
    changeOf: (ids) => changeOf(ids, filterOf(search)),
    idOf: executionIdOf,
    compare: compareBy(search.sort ?? NEWEST_FIRST),
  });
}

function pageOf({ executions, total, next_cursor }: ExecutionList): ListPage<ExecutionItem> {
  return { rows: executions, total, next_cursor };
}

/** The server's order: by a field, and the newest first where that is the same. */
function compareBy(sort: string): (one: ExecutionItem, other: ExecutionItem) => number {
  const isDescending = sort.startsWith('-');
  const field = (isDescending ? sort.slice(1) : sort) as 'workflow_id';
  return (one, other) => {
    const order = compareTexts(one[field], other[field]);
    return (isDescending ? -order : order) || compareTexts(other.started_at ?? '', one.started_at ?? '');
  };
}

/** What became of some executions: how they are, which of them fit, and how many fit in all. */
async function changeOf(ids: readonly string[], filter: Filter): Promise<Change<ExecutionItem>> {
  const execution_id = ids.join(',');
  const [all, fitting, head] = await Promise.all([
    api.executions({ execution_id, limit: CHANGED_LIMIT }),
    api.executions({ ...filter, execution_id, limit: CHANGED_LIMIT }),
    api.executions({ ...filter, limit: 1 }),
  ]);
  return { known: all.executions, fitting: new Set(fitting.executions.map(executionIdOf)), total: head.total };
}
