import { toJson } from '@loopwright/protocol';
import type { StepAddress } from '../context/durable-context.ts';
import { type CloudEvent, type Listener, isSatisfied, listenedTypes, listenerOutput, takeEvent } from '../event/listener.ts';
import { type JournalEntry, isFinal } from '../execution/execution.ts';
import type { ExpressionEvaluator } from '../expression/expression.ts';
import type { OwnedEntry, StoreTransaction } from '../store/store.ts';

/** Begins to listen: from the commit on, every event of a type that it names is shown to it. */
export function openListener(
  transaction: StoreTransaction,
  { executionId, address, listener, at }: { executionId: string; address: StepAddress; listener: Listener; at: number },
): JournalEntry {
  const entry: JournalEntry = {
    key: address.key,
    kind: 'listen',
    state: 'waiting',
    name: address.name,
    value: toJson(listener),
    dueAt: null,
    remainingMs: null,
    createdAt: at,
    recordedAt: null,
  };
  transaction.putEntry(executionId, entry);
  for (const type of listenedTypes(listener)) transaction.addListener(type, executionId, address.key);
  transaction.appendEvent({ executionId, type: 'listening', step: address.name, at, data: { key: address.key } });
  return entry;
}

/** Shows an event to all who listen; gives the entries of those that now have all they waited for. */
export function publishEvent(
  transaction: StoreTransaction,
  event: CloudEvent,
  { at, expressions }: { at: number; expressions: ExpressionEvaluator },
): OwnedEntry[] {
  return transaction.listeners(event.type).flatMap(({ executionId, key }): OwnedEntry[] => {
    const entry = transaction.entry(executionId, key);
    const execution = transaction.execution(executionId);
    if (entry?.state !== 'waiting' || execution === undefined || isFinal(execution.status)) {
      transaction.removeListeners(executionId, key);
      return [];
    }
    const listener = takeEvent(entry.value as unknown as Listener, event, expressions);
    if (listener === undefined) return [];
    transaction.appendEvent({
      executionId,
      type: 'event_consumed',
      step: entry.name,
      at,
      data: { key, source: event.source, id: event.id, type: event.type },
    });
    if (!isSatisfied(listener)) {
      transaction.putEntry(executionId, { ...entry, value: toJson(listener) });
      return [];
    }
    const done: JournalEntry = { ...entry, state: 'done', value: listenerOutput(listener), dueAt: null, recordedAt: at };
    transaction.putEntry(executionId, done);
    transaction.removeListeners(executionId, key);
    transaction.appendEvent({ executionId, type: 'step_completed', step: entry.name, at, data: { key } });
    return [{ executionId, entry: done }];
  });
}
