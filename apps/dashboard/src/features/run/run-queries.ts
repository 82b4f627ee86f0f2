import {
  type RunDetail,
  auditListSchema,
  checkpointListSchema,
  executionEventPageSchema,
  waitListSchema,
} from '@loopwright/protocol';
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api } from '../../shared/api/api.ts';
import { useLiveQueries } from '../../shared/live/live.tsx';

const EVENTS = 500;
const AUDITED = 100;

/** An execution and what it belongs to: its run, or itself when it belongs to none. */
export type Executed = Pick<RunDetail, 'run_id' | 'execution_id'>;

/** Everything about one run has a key that begins so. */
export const runKey = (runId: string) => ['run', runId] as const;

export const runQuery = (runId: string) =>
  queryOptions({ queryKey: [...runKey(runId), 'detail'], queryFn: () => api.runs.get(runId) });

export const whyQuery = (runId: string) =>
  queryOptions({ queryKey: [...runKey(runId), 'why'], queryFn: () => api.runs.why(runId), retry: false });

export const tasksQuery = (runId: string, executionId: string) =>
  queryOptions({ queryKey: [...runKey(runId), 'tasks', executionId], queryFn: () => api.openTasks(executionId) });

export const artifactsQuery = (runId: string) =>
  queryOptions({ queryKey: [...runKey(runId), 'artifacts'], queryFn: () => api.runs.artifacts(runId) });

export const metricsQuery = (runId: string) =>
  queryOptions({ queryKey: [...runKey(runId), 'metrics'], queryFn: () => api.runs.metrics(runId) });

export const checkpointsQuery = (runId: string) =>
  queryOptions({
    queryKey: [...runKey(runId), 'checkpoints'],
    queryFn: () =>
      api.call({ method: 'GET', path: `/api/v1/runs/${encodeURIComponent(runId)}/checkpoints`, answer: checkpointListSchema }),
  });

export const diagramQuery = (runId: string, executionId: string) =>
  queryOptions({ queryKey: [...runKey(runId), 'diagram', executionId], queryFn: () => api.executionDiagram(executionId) });

export const executionQuery = (runId: string, executionId: string) =>
  queryOptions({ queryKey: [...runKey(runId), 'execution', executionId], queryFn: () => api.execution(executionId) });

/** The times that an execution stood still, and for what. */
export const waitsQuery = (runId: string, executionId: string) =>
  queryOptions({
    queryKey: [...runKey(runId), 'waits', executionId],
    queryFn: () =>
      api.call({
        method: 'GET',
        path: `/api/v1/executions/${encodeURIComponent(executionId)}/waits`,
        answer: waitListSchema,
      }),
  });

export const eventsQuery = (runId: string, executionId: string) =>
  infiniteQueryOptions({
    queryKey: [...runKey(runId), 'events', executionId],
    queryFn: ({ pageParam }) =>
      api.call({
        method: 'GET',
        path: `/api/v1/executions/${encodeURIComponent(executionId)}/events?after=${pageParam}&limit=${EVENTS}`,
        answer: executionEventPageSchema,
      }),
    initialPageParam: 0,
    getNextPageParam: ({ has_more, cursor }) => (has_more ? cursor : undefined),
  });

export const auditQuery = (runId: string) =>
  infiniteQueryOptions({
    queryKey: [...runKey(runId), 'audit'],
    queryFn: ({ pageParam }) => {
      const query = new URLSearchParams({
        about: runId,
        limit: String(AUDITED),
        ...(pageParam === null ? {} : { cursor: pageParam }),
      });
      return api.call({ method: 'GET', path: `/api/v1/audit?${query.toString()}`, answer: auditListSchema });
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });

/** Loads again what is shown of a run whenever something happens to it. */
export function useLiveRun(run: RunDetail | undefined, runId: string): void {
  const isOver = run !== undefined && run.status !== 'running' && run.status !== 'paused';
  useLiveQueries(
    ({ execution_id: id, workflow_id: workflow }) => {
      if (id === null) return false;
      if (id === runId || id === run?.execution_id) return true;
      // One that has ended may go on as another execution, of which nothing says here whose it is.
      return isOver && workflow?.replaceAll('-', '_') === run.profile;
    },
    { queryKey: runKey(runId) },
  );
}
