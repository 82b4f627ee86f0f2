import type { BulkAction, BulkFilter } from '@loopwright/protocol';
import { api } from '../../shared/api/api.ts';
import type { BulkWork } from '../../shared/list/bulk-dialog.tsx';
import { countText } from '../../shared/list/nouns.ts';
import { EXECUTIONS } from './execution-columns.tsx';

/** What is done to many executions: to those of a filter, in words as well. */
export function executionsWork(action: BulkAction, filter: BulkFilter, words: string): BulkWork {
  return {
    noun: EXECUTIONS,
    action,
    filter,
    words,
    preview: async () => {
      const { token, expires_at, sample, left_to_runs: left } = await api.previewBulk(action, filter);
      const rows = sample.map(({ execution_id, workflow_id, status, started_at }) => ({
        id: execution_id,
        name: workflow_id,
        status,
        at: started_at,
      }));
      return { token, expires_at, rows, leftOut: noteOf(action, left) };
    },
    run: (token, reason) => api.runBulk(token, reason),
  };
}

function noteOf(action: BulkAction, left: number): string | null {
  if (action !== 'retry') return null;
  const again = 'Each goes on as a new execution, from the task that failed.';
  if (left === 0) return again;
  return `${again} ${countText(EXECUTIONS, left)} of runs ${left === 1 ? 'is' : 'are'} left out: retry the runs in their list.`;
}
