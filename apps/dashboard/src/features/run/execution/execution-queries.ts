import type { ExecutionResponse } from '@loopwright/protocol';
import { queryOptions } from '@tanstack/react-query';
import { api } from '../../../shared/api/api.ts';
import { useLiveQueries } from '../../../shared/live/live.tsx';
import { runKey } from '../run-queries.ts';

export const executionWhyQuery = (id: string) =>
  queryOptions({ queryKey: [...runKey(id), 'why'], queryFn: () => api.why(id), retry: false });

/** The run that an execution is, or was, and that has its controls; `null` for none. */
export const runOfQuery = (id: string) =>
  queryOptions({
    queryKey: [...runKey(id), 'run-of'],
    queryFn: async () => (await api.runs.list({ run_id: id, limit: 1 })).runs[0] ?? null,
  });

/** Whether an execution has ended. */
export function isOver({ status }: Pick<ExecutionResponse, 'status'>): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

/** Loads again what is shown of an execution whenever something happens to it. */
export function useLiveExecution(id: string): void {
  useLiveQueries(({ execution_id: of }) => of === id, { queryKey: runKey(id) });
}
