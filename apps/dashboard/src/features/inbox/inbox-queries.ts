import { humanTaskContextSchema, humanTaskListSchema, humanTaskSchema, inboxSchema } from '@loopwright/protocol';
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api } from '../../shared/api/api.ts';
import { useLiveQueries } from '../../shared/live/live.tsx';

const PAGE = 100;
/** Events after which another question is open, or one less, or they stand in another order. */
const CHANGES =
  /^(?:waiting_|acceptance_|clarification_|human_task_|answer_|budget_)|^(?:paused|resumed|moved|completed|failed|cancelled)$/;

function pageOf(parameters: Record<string, string>, cursor: string | null): string {
  return new URLSearchParams({ ...parameters, limit: String(PAGE), ...(cursor === null ? {} : { cursor }) }).toString();
}

/** The open questions for me, or for anybody, those that hold up most first. */
export const inboxQuery = (who: 'me' | 'anybody') =>
  infiniteQueryOptions({
    queryKey: ['inbox', who],
    queryFn: ({ pageParam }) =>
      api.call({ method: 'GET', path: `/api/v1/inbox?${pageOf({ for: who }, pageParam)}`, answer: inboxSchema }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });

/** What was decided, the newest first. */
export const decidedQuery = infiniteQueryOptions({
  queryKey: ['inbox', 'decided'],
  queryFn: ({ pageParam }) =>
    api.call({
      method: 'GET',
      path: `/api/v1/tasks?${pageOf({ sort: '-answered_at' }, pageParam)}`,
      answer: humanTaskListSchema,
    }),
  initialPageParam: null as string | null,
  getNextPageParam: ({ next_cursor }) => next_cursor,
});

const taskPath = (taskId: string): string => `/api/v1/tasks/${encodeURIComponent(taskId)}`;

/** One question with everything that it shows, and its answer. */
export const taskQuery = (taskId: string) =>
  queryOptions({
    queryKey: ['task', taskId, 'detail'],
    queryFn: () => api.call({ method: 'GET', path: taskPath(taskId), answer: humanTaskSchema }),
  });

/** Where one question comes from, and what waits for its answer. */
export const contextQuery = (taskId: string) =>
  queryOptions({
    queryKey: ['task', taskId, 'context'],
    queryFn: () => api.call({ method: 'GET', path: `${taskPath(taskId)}/context`, answer: humanTaskContextSchema }),
  });

/** Loads the lists again, and the question that is open, when something happens to them. */
export function useLiveInbox(taskId: string | undefined, executionId: string | undefined): void {
  useLiveQueries(({ event_type: type }) => CHANGES.test(type), { queryKey: ['inbox'] });
  useLiveQueries(({ execution_id: id, event_type: type }) => id !== null && id === executionId && CHANGES.test(type), {
    queryKey: ['task', taskId],
  });
}
