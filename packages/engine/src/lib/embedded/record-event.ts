import { type Json, type JsonObject, isoTime } from '@loopwright/protocol';
import type { StepAddress } from '../context/durable-context.ts';
import type { JournalEntry } from '../execution/execution.ts';
import type { StoreTransaction } from '../store/store.ts';

/** Records a CloudEvent 1.0 of an execution: in its journal, where it is the task's output, and in its events. */
export function recordEvent(
  transaction: StoreTransaction,
  { executionId, address, event, id, at }: { executionId: string; address: StepAddress; event: Json; id: string; at: number },
): JournalEntry {
  const given: JsonObject = event !== null && typeof event === 'object' && !Array.isArray(event) ? event : {};
  const value: JsonObject = { specversion: '1.0', id, time: isoTime(at), ...given };
  const entry: JournalEntry = {
    key: address.key,
    kind: 'emit',
    state: 'done',
    name: address.name,
    value,
    dueAt: null,
    remainingMs: null,
    createdAt: at,
    recordedAt: at,
  };
  transaction.putEntry(executionId, entry);
  transaction.appendEvent({ executionId, type: 'event_emitted', step: address.name, at, data: value });
  transaction.appendEvent({ executionId, type: 'step_completed', step: address.name, at, data: { key: address.key } });
  return entry;
}
