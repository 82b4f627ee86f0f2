import type { GlobalEventMessage } from '@loopwright/protocol';
import { type InfiniteData, type QueryClient, type QueryKey, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { useLiveEvents, useLiveRefresh } from '../live/live.tsx';
import { type Change, type ListPage, type RowOrder, mergeRows } from './merge-rows.ts';

/** How many executions are looked up at once when events name them: what the server takes. */
export const CHANGED_LIMIT = 100;

/** A list that events change. */
export interface LiveList<Row> extends RowOrder<Row> {
  readonly queryKey: QueryKey;
  /** What the keys of all lists of this kind begin with. */
  readonly kindKey: QueryKey;
  /** What became of the rows of some executions, {@link CHANGED_LIMIT} at most. */
  readonly changeOf: (executionIds: readonly string[]) => Promise<Change<Row>>;
}

/** Keeps the rows that are loaded as they are on the server: what events name is asked for and put in its place, whatever the length of the list. */
export function useLiveList<Row>({ queryKey, kindKey, changeOf, ...order }: LiveList<Row>): void {
  const queries = useQueryClient();
  const changed = useRef(new Set<string>());
  const note = ({ execution_id }: GlobalEventMessage): boolean => {
    if (execution_id !== null) changed.current.add(execution_id);
    return execution_id !== null;
  };
  useLiveEvents(
    () => undefined,
    () => void queries.resetQueries({ queryKey: kindKey }),
  );
  useLiveRefresh(note, async () => {
    const idle = (): boolean => queries.isFetching({ queryKey, exact: true }) === 0;
    while (changed.current.size > 0) {
      // A page that is on its way is put behind the rows that there were when it was asked for: what is merged meanwhile would be gone.
      await untilIdle(queries, idle);
      const ids = [...changed.current].slice(0, CHANGED_LIMIT);
      for (const id of ids) changed.current.delete(id);
      const change = await changeOf(ids).catch((error: unknown) => {
        for (const id of ids) changed.current.add(id);
        throw error;
      });
      if (idle())
        queries.setQueryData<InfiniteData<ListPage<Row>, string | null>>(queryKey, (loaded) =>
          loaded === undefined ? loaded : mergeRows(loaded, change, order),
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
