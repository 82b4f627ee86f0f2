import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RunListItem } from '@loopwright/protocol';
import { type ListPage, type LoadedPages, type RowOrder, compareTexts, mergeRows, rowsOf } from './merge-rows.ts';

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
type Runs = LoadedPages<RunListItem>;
const page = (rows: RunListItem[], next: string | null): ListPage<RunListItem> => ({ rows, total: 9, next_cursor: next });
const idOf = ({ run_id: id }: RunListItem): string => id;
const newestFirst = (field: 'created_at' | 'updated_at'): RowOrder<RunListItem> => ({
  idOf,
  compare: (one, other) => -compareTexts(one[field], other[field]),
});
const BY_AGE = newestFirst('created_at');
const loaded: Runs = { pages: [page([run(9), run(8)], 'a'), page([run(7), run(6)], 'b')], pageParams: [null, 'a'] };
const idsOf = (merged: Runs): string[] => rowsOf(merged, idOf).map(({ run_id }) => run_id);
const fitting = (...runs: RunListItem[]): { known: RunListItem[]; fitting: Set<string>; total: number } => ({
  known: runs,
  fitting: new Set(runs.map(({ run_id }) => run_id)),
  total: 10,
});

describe('mergeRows', () => {
  it('puts a new run in its place, once, and counts it', () => {
    const merged = mergeRows(loaded, fitting(run(10)), BY_AGE);
    assert.deepEqual(idsOf(merged), ['run-010', 'run-009', 'run-008', 'run-007', 'run-006']);
    assert.deepEqual(idsOf(mergeRows(merged, fitting(run(10)), BY_AGE)), idsOf(merged));
    assert.deepEqual([merged.pages[0]?.total, merged.pages[1]?.next_cursor, merged.pageParams], [10, 'b', [null, 'a']]);
  });

  it('changes a run where it is', () => {
    const merged = mergeRows(loaded, fitting(run(8, { status: 'failed' })), BY_AGE);
    assert.deepEqual(
      rowsOf(merged, idOf).map(({ status }) => status),
      ['running', 'failed', 'running', 'running'],
    );
  });

  it('takes out what does not fit any more', () => {
    assert.deepEqual(idsOf(mergeRows(loaded, { known: [run(8)], fitting: new Set(), total: 8 }, BY_AGE)), [
      'run-009',
      'run-007',
      'run-006',
    ]);
  });

  it('leaves a run behind the last one to the page that it comes with', () => {
    assert.deepEqual(idsOf(mergeRows(loaded, fitting(run(1)), BY_AGE)), idsOf(loaded));
    const whole: Runs = { pages: [page([run(9), run(8)], null)], pageParams: [null] };
    assert.deepEqual(idsOf(mergeRows(whole, fitting(run(1)), BY_AGE)), ['run-009', 'run-008', 'run-001']);
  });

  it('moves a run when the order says so', () => {
    const late = run(6, { updated_at: new Date(99_000_000).toISOString() });
    assert.equal(idsOf(mergeRows(loaded, fitting(late), newestFirst('updated_at')))[0], 'run-006');
  });

  it('leaves what compares as the same where it is, the last one that was loaded too', () => {
    const same = page([run(9), run(8, { created_at: run(7).created_at }), run(7)], 'c');
    const both = [run(8, { created_at: run(7).created_at, status: 'failed' }), run(7, { status: 'paused' })];
    const merged = mergeRows({ pages: [same], pageParams: [] }, fitting(...both), BY_AGE);
    assert.deepEqual(
      rowsOf(merged, idOf).map(({ status }) => status),
      ['running', 'failed', 'paused'],
    );
  });

  it('shows a run that two pages have once', () => {
    assert.deepEqual(idsOf({ pages: [page([run(9), run(8)], 'a'), page([run(8), run(7)], null)], pageParams: [] }), [
      'run-009',
      'run-008',
      'run-007',
    ]);
  });
});
