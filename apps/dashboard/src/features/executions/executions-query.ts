import type { ExecutionList } from '@loopwright/protocol';
import { type InfiniteData, infiniteQueryOptions, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { api } from '../../shared/api/api.ts';
import { useLiveEvents, useLiveRefresh } from '../../shared/live/live.tsx';
import type { ExecutionsSearch } from './executions-search.ts';
import { executionsOf, mergeExecutions } from './merge-executions.ts';

const PAGE = 100;
/** How many of the loaded ones are looked up at once when events name them. */
const CHANGED_LIMIT = 20;

function filterOf({ status, workflow, project }: ExecutionsSearch): Record<string, string> {
  return {
    limit: String(PAGE),
    ...(status === undefined ? {} : { status }),
    ...(workflow === undefined ? {} : { workflow_id: workflow }),
    ...(project === undefined ? {} : { project_id: project }),
  };
}

/** The list, the newest first, page by page behind cursors that new ones do not disturb. */
export const executionsQuery = (search: ExecutionsSearch) =>
  infiniteQueryOptions({
    queryKey: ['executions', search],
    queryFn: ({ pageParam }) => api.executions({ ...filterOf(search), ...(pageParam === null ? {} : { cursor: pageParam }) }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    structuralSharing: false,
  });

/** Keeps the rows that are loaded as the executions are, and takes in new ones. */
export function useLiveExecutions(search: ExecutionsSearch): void {
  const queries = useQueryClient();
  const { queryKey } = executionsQuery(search);
  const named = useRef(new Set<string>());
  useLiveEvents(
    () => undefined,
    () => void queries.resetQueries({ queryKey: ['executions'] }),
  );
  useLiveRefresh(
    ({ execution_id: id }) => {
      if (id !== null) named.current.add(id);
      return id !== null;
    },
    async () => {
      const newest = await api.executions(filterOf(search));
      const first = new Set(newest.executions.map((one) => one.execution_id));
      const known = new Set(
        executionsOf(queries.getQueryData(queryKey) ?? { pages: [], pageParams: [] }).map((one) => one.execution_id),
      );
      const ids = [...named.current].filter((id) => known.has(id) && !first.has(id));
      named.current = new Set(ids.slice(CHANGED_LIMIT));
      const changed = await Promise.all(ids.slice(0, CHANGED_LIMIT).map((id) => api.execution(id)));
      const fits = ({ status }: { status: string }): boolean => search.status === undefined || status === search.status;
      queries.setQueryData<InfiniteData<ExecutionList, string | null>>(queryKey, (loaded) =>
        loaded === undefined ? loaded : mergeExecutions(loaded, newest, { changed, fits }),
      );
    },
  );
}
