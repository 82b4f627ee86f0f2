import type { GlobalEventMessage, ListRunsResponse } from '@loopwright/protocol';
import { systemClock } from '@loopwright/protocol';
import { type InfiniteData, type QueryClient, infiniteQueryOptions, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { api } from '../../shared/api/api.ts';
import { useLiveEvents, useLiveRefresh } from '../../shared/live/live.tsx';
import { type Change, mergeRuns } from './merge-runs.ts';
import { NEWEST_FIRST, type RunsSearch, bulkFilterOf } from './runs-search.ts';

const PAGE = 100;
/** How many runs are looked up at once when events name them. */
const CHANGED_LIMIT = 100;

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
    queryFn: ({ pageParam, signal: _signal }) =>
      api.runs.list({ ...filterOf(search), limit: PAGE, ...(pageParam === null ? {} : { cursor: pageParam }) }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    // Comparing ten thousand rows with themselves for each page that comes would hold up the scrolling.
    structuralSharing: false,
  });

/** Keeps the rows that are loaded as the runs are: what events name is asked for and put in its place, whatever the length of the list. */
export function useLiveRuns(search: RunsSearch): void {
  const queries = useQueryClient();
  const changed = useRef(new Set<string>());
  const note = ({ execution_id }: GlobalEventMessage): boolean => {
    if (execution_id !== null) changed.current.add(execution_id);
    return execution_id !== null;
  };
  useLiveEvents(
    () => undefined,
    () => void queries.resetQueries({ queryKey: ['runs', 'list'] }),
  );
  useLiveRefresh(note, async () => {
    const { queryKey } = runsQuery(search);
    const filter = filterOf(search);
    const idle = (): boolean => queries.isFetching({ queryKey, exact: true }) === 0;
    while (changed.current.size > 0) {
      // A page that is on its way is put behind the rows that there were when it was asked for: what is merged meanwhile would be gone.
      await untilIdle(queries, idle);
      const ids = [...changed.current].slice(0, CHANGED_LIMIT);
      for (const id of ids) changed.current.delete(id);
      const change = await changeOf(ids, filter).catch((error: unknown) => {
        for (const id of ids) changed.current.add(id);
        throw error;
      });
      if (idle())
        queries.setQueryData<InfiniteData<ListRunsResponse, string | null>>(queryKey, (loaded) =>
          loaded === undefined ? loaded : mergeRuns(loaded, change, filter.sort ?? NEWEST_FIRST),
        );
      else for (const id of ids) changed.current.add(id);
    }
  });
}

/** Resolves when the list is not being loaded. */
function untilIdle(queries: QueryClient, idle: () => boolean): Promise<void> {
  if (idle()) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = queries.getQueryCache().subscribe(() => {
      if (!idle()) return;
      stop();
      resolve();
    });
  });
}

/** What became of some runs: how they are, which of them fit, and how many fit in all. */
async function changeOf(ids: readonly string[], filter: Filter): Promise<Change> {
  const run_id = ids.join(',');
  const [all, fitting, head] = await Promise.all([
    api.runs.list({ run_id, limit: CHANGED_LIMIT }),
    api.runs.list({ ...filter, run_id, limit: CHANGED_LIMIT }),
    api.runs.list({ ...filter, limit: 1 }),
  ]);
  return { known: all.runs, fitting: new Set(fitting.runs.map((run) => run.run_id)), total: head.total };
}
