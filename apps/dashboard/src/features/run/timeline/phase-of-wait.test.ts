import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Wait } from '@loopwright/protocol';
import { longest, phaseOfWait } from './phase-of-wait.ts';

const at = (seconds: number): string => new Date(seconds * 1000).toISOString();
const wait = (key: string, from: number, to: number | null, more: Partial<Wait> = {}): Wait => ({
  key,
  step_id: key,
  kind: 'timer',
  subject: null,
  started_at: at(from),
  ended_at: to === null ? null : at(to),
  due_at: null,
  was_in_vain: false,
  ...more,
});
const PHASES = [
  { phase: 'planning', started_at: at(10) },
  { phase: 'data', started_at: at(20) },
  { phase: 'qa', started_at: null },
];

it('shows a wait with the phase that it is in, before, or that was paused', () => {
  const shown = [
    wait('data/nap', 21, 22),
    wait('planning@try-2/nap', 11, 12),
    wait('await-qa', 30, null, { kind: 'advance', subject: 'qa' }),
    wait('pause-7', 25, 26, { kind: 'pause' }),
    wait('pause-1', 1, 2, { kind: 'pause' }),
    wait('elsewhere', 1, 2),
  ].map((one) => phaseOfWait(one, PHASES));
  assert.deepEqual(shown, ['data', 'planning', 'qa', 'data', 'planning', undefined]);
});

it('keeps the longest of many, in the order of time', () => {
  const waits = [wait('a', 0, 1), wait('b', 1, 9), wait('c', 9, 10), wait('d', 10, 15), wait('e', 15, null)];
  assert.deepEqual(
    longest(waits, 3).map(({ key }) => key),
    ['b', 'd', 'e'],
  );
  assert.equal(longest(waits, 5), waits);
});
