import assert from 'node:assert/strict';
import { it } from 'node:test';
import { spansOf } from './spans.ts';

const at = (seconds: number): string => new Date(seconds * 1000).toISOString();

it('lays the phases on one axis, and lets what is under way reach to now', () => {
  const spans = spansOf(
    [
      { phase: 'planning', started_at: at(0), completed_at: at(25) },
      { phase: 'data', started_at: at(50), completed_at: null },
      { phase: 'qa', started_at: null, completed_at: null },
    ],
    100_000,
  );
  assert.deepEqual(
    [...spans],
    [
      ['planning', { left: 0, width: 25 }],
      ['data', { left: 50, width: 50 }],
    ],
  );
});

it('keeps a phase that took no time in sight, and inside', () => {
  const spans = spansOf(
    [
      { phase: 'planning', started_at: at(0), completed_at: at(100) },
      { phase: 'data', started_at: at(100), completed_at: at(100) },
    ],
    100_000,
  );
  assert.deepEqual(spans.get('data'), { left: 99.2, width: 0.8 });
});
