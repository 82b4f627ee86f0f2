import type { StepAddress } from '../context/durable-context.ts';
import type { JournalEntry } from '../execution/execution.ts';

/** An entry without a state: nothing is recorded and no timer is set. */
export function newEntry({ key, name }: StepAddress, kind: JournalEntry['kind'], createdAt: number): Omit<JournalEntry, 'state'> {
  return { key, kind, name, value: null, dueAt: null, remainingMs: null, createdAt, recordedAt: null };
}
