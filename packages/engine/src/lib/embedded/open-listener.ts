import { toJson } from '@loopwright/protocol';
import type { StepAddress } from '../context/durable-context.ts';
import { type Listener, listenedTypes } from '../event/listener.ts';
import type { JournalEntry } from '../execution/execution.ts';
import type { OwnedEntry, StoreTransaction } from '../store/store.ts';
import { newEntry } from './new-entry.ts';

/** Begins to listen: from the commit on, every event of a type that it names is shown to it. */
export function openListener(
  transaction: StoreTransaction,
  { executionId, address, listener, at }: { executionId: string; address: StepAddress; listener: Listener; at: number },
): JournalEntry {
  const entry: JournalEntry = { ...newEntry(address, 'listen', at), state: 'waiting', value: toJson(listener) };
  transaction.putEntry(executionId, entry);
  for (const type of listenedTypes(listener)) transaction.addListener(type, executionId, address.key);
  transaction.appendEvent({ executionId, type: 'listening', step: address.name, at, data: { key: address.key } });
  return entry;
}

/** Ends a listener: no event is shown to it any more. Gives its entry, which holds what came of it. */
export function closeListener(
  transaction: StoreTransaction,
  { executionId, entry }: OwnedEntry,
  { state, value, at }: Pick<JournalEntry, 'value'> & { state: 'done' | 'failed'; at: number },
): JournalEntry {
  const closed: JournalEntry = { ...entry, state, value, dueAt: null, recordedAt: at };
  transaction.putEntry(executionId, closed);
  transaction.removeListeners(executionId, entry.key);
  const type = state === 'done' ? 'step_completed' : 'step_failed';
  const data = state === 'done' ? { key: entry.key } : { key: entry.key, error: value };
  transaction.appendEvent({ executionId, type, step: entry.name, at, data });
  return closed;
}
