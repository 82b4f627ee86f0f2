import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ExecutionItem, executionsOf, mergeExecutions } from './merge-executions.ts';

const one = (id: string, status: ExecutionItem['status'] = 'running'): ExecutionItem => ({
  execution_id: id,
  workflow_id: 'w',
  project_id: 'p',
  status,
  started_at: null,
  completed_at: null,
});
const page = (ids: readonly string[], total = 9): { executions: ExecutionItem[]; total: number; next_cursor: string } => ({
  executions: ids.map((id) => one(id)),
  total,
  next_cursor: 'c',
});
const loaded = { pages: [page(['d', 'c']), page(['b', 'a'])], pageParams: [null, 'c'] };
const rows = (list: typeof loaded): string[] => executionsOf(list).map(({ execution_id: id, status }) => `${id} ${status}`);

describe('mergeExecutions', () => {
  it('puts new ones first and changed ones in their places, each once, and keeps the cursors', () => {
    const merged = mergeExecutions(loaded, page(['e', 'd'], 10), { changed: [one('b', 'failed')], fits: () => true });
    assert.deepEqual(rows(merged), ['e running', 'd running', 'c running', 'b failed', 'a running']);
    assert.deepEqual(
      merged.pages.map(({ total, next_cursor }) => [total, next_cursor]),
      [
        [10, 'c'],
        [10, 'c'],
      ],
    );
  });

  it('takes out what does not fit any more', () => {
    const merged = mergeExecutions(loaded, page([]), {
      changed: [one('b', 'failed')],
      fits: ({ status }) => status === 'running',
    });
    assert.deepEqual(rows(merged), ['d running', 'c running', 'a running']);
  });
});
