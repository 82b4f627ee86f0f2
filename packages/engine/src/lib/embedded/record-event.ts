import { type Json, type JsonObject, isoTime } from '@loopwright/protocol';
import type { StepAddress } from '../context/durable-context.ts';
import type { JournalEntry } from '../execution/execution.ts';
import type { StoreTransaction } from '../store/store.ts';

/** Begins the types of the events that functions of the platform emit. */
const OURS = 'io.loopwright.';

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
  const type = address.call === undefined ? 'event_emitted' : ownType(value['type']);
  transaction.appendEvent({ executionId, type, step: address.name, at, data: value });
  // What a function tells on its way is not the end of its task.
  if (address.call === undefined)
    transaction.appendEvent({ executionId, type: 'step_completed', step: address.name, at, data: { key: address.key } });
  return entry;
}

/** The type of an event of a function in the log of its execution: `governance_check_passed`. */
function ownType(type: Json | undefined): string {
  return typeof type === 'string' && type.startsWith(OURS) ? type.slice(OURS.length) : 'event_emitted';
}
