import type { RunBulkAction, RunBulkFilter } from '@loopwright/protocol';
import { api } from '../../shared/api/api.ts';
import type { BulkWork } from '../../shared/list/bulk-dialog.tsx';
import { RUNS } from './run-columns.tsx';

/** What is done to many runs: to those of a filter, in words as well. */
export function runsWork(action: RunBulkAction, filter: RunBulkFilter, words: string): BulkWork {
  return {
    noun: RUNS,
    action,
    filter,
    words,
    preview: async () => {
      const { token, expires_at, sample } = await api.runs.previewBulk(action, filter);
      const rows = sample.map(({ run_id, project_name, status, created_at }) => ({
        id: run_id,
        name: project_name ?? 'Unnamed',
        status,
        at: created_at,
      }));
      return { token, expires_at, rows, leftOut: null };
    },
    run: (token, reason) => api.runs.runBulk(token, reason),
  };
}
