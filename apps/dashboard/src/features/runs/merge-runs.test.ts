import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ListRunsResponse, RunListItem } from '@loopwright/protocol';
import { type LoadedRuns, mergeRuns, rowsOf } from './merge-runs.ts';

const run = (id: number, more: Partial<RunListItem> = {}): RunListItem => ({
  run_id: `run-${String(id).padStart(3, '0')}`,
  profile: 'steps',
  project_name: 'p',
  current_phase: 'planning',
  status: 'running',
  created_at: new Date(1_000_000 * id).toISOString(),
  updated_at: new Date(1_000_000 * id).toISOString(),
  project_id: 'default',
  cloned_from: null,
  execution_id: `run-${String(id).padStart(3, '0')}`,
  open_tasks: 0,
  warnings_count: null,
  ...more,
});
const page = (runs: RunListItem[], next: string | null): ListRunsResponse => ({
  runs,
  total: 9,
  limit: 2,
  offset: 0,
  next_cursor: next,
});
const loaded: LoadedRuns = { pages: [page([run(9), run(8)], 'a'), page([run(7), run(6)], 'b')], pageParams: [null, 'a'] };
const idsOf = (merged: LoadedRuns): string[] => rowsOf(merged).map(({ run_id }) => run_id);
const fitting = (...runs: RunListItem[]): { known: RunListItem[]; fitting: Set<string>; total: number } => ({
  known: runs,
  fitting: new Set(runs.map(({ run_id }) => run_id)),
  total: 10,
});

describe('mergeRuns', () => {
  it('puts a new run in its place, once, and counts it', () => {
    const merged = mergeRuns(loaded, fitting(run(10)), '-created_at');
    assert.deepEqual(idsOf(merged), ['run-010', 'run-009', 'run-008', 'run-007', 'run-006']);
    assert.deepEqual(idsOf(mergeRuns(merged, fitting(run(10)), '-created_at')), idsOf(merged));
    assert.deepEqual([merged.pages[0]?.total, merged.pages[1]?.next_cursor, merged.pageParams], [10, 'b', [null, 'a']]);
  });

  it('changes a run where it is', () => {
    const merged = mergeRuns(loaded, fitting(run(8, { status: 'failed' })), '-created_at');
    assert.deepEqual(
      rowsOf(merged).map(({ status }) => status),
      ['running', 'failed', 'running', 'running'],
    );
  });

  it('takes out what does not fit any more', () => {
    assert.deepEqual(idsOf(mergeRuns(loaded, { known: [run(8)], fitting: new Set(), total: 8 }, '-created_at')), [
      'run-009',
      'run-007',
      'run-006',
    ]);
  });

  it('leaves a run behind the last one to the page that it comes with', () => {
    assert.deepEqual(idsOf(mergeRuns(loaded, fitting(run(1)), '-created_at')), idsOf(loaded));
    const whole: LoadedRuns = { pages: [page([run(9), run(8)], null)], pageParams: [null] };
    assert.deepEqual(idsOf(mergeRuns(whole, fitting(run(1)), '-created_at')), ['run-009', 'run-008', 'run-001']);
  });

  it('moves a run when the order says so', () => {
    const late = run(6, { updated_at: new Date(99_000_000).toISOString() });
    assert.equal(idsOf(mergeRuns(loaded, fitting(late), '-updated_at'))[0], 'run-006');
  });

  it('shows a run that two pages have once', () => {
    assert.deepEqual(idsOf({ pages: [page([run(9), run(8)], 'a'), page([run(8), run(7)], null)], pageParams: [] }), [
      'run-009',
      'run-008',
      'run-007',
    ]);
  });
});
