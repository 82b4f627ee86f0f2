import { inboxCountSchema } from '@loopwright/protocol';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { api } from '../api/api.ts';
import { useLiveQueries, useLiveState } from '../live/live.tsx';

/** Events after which one more question is open, or one less. */
const CHANGES =
  /^(?:waiting_acceptance|waiting_clarification|acceptance_decided|clarification_answered|human_task_expired|step_timed_out|completed|failed|cancelled)$/;

const waitingCountQuery = queryOptions({
  queryKey: ['waiting-count'],
  queryFn: async () => (await api.call({ method: 'GET', path: '/api/v1/inbox/count', answer: inboxCountSchema })).count,
});

/** How many open questions wait for whoever looks. */
export interface WaitingCount {
  /** `undefined` while it is loaded, `null` when it cannot be known. */
  readonly count: number | null | undefined;
  /** Whether it may have changed since: nothing is heard of the server. */
  readonly isOld: boolean;
}

/** The number of open questions for whoever looks, as events change it. */
export function useWaitingCount(): WaitingCount {
  const { data, isError } = useQuery(waitingCountQuery);
  const { kind } = useLiveState();
  useLiveQueries(({ event_type: type }) => CHANGES.test(type), { queryKey: waitingCountQuery.queryKey });
  return { count: data ?? (isError ? null : undefined), isOld: kind === 'reconnecting' || isError };
}
