import { toJson } from '@loopwright/protocol';
import { type CloudEvent, type Listener, type TakenEvent, countOf, listenerOutput, takeEvent } from '../event/listener.ts';
import { type ProjectScope, isFinal } from '../execution/execution.ts';
import type { ExpressionEvaluator } from '../expression/expression.ts';
import { WorkflowError } from '../interpreter/workflow-error.ts';
import { includesProject } from '../store/project-condition.ts';
import type { OwnedEntry, StoreTransaction } from '../store/store.ts';
import { EACH_LIMIT, queueEnd, queueEvent, wasQueued } from './event-queue.ts';
import { closeListener } from './open-listener.ts';
import { VALUE_LIMIT_CHARACTERS } from '../limits.ts';

/** The most events that one `listen` without `foreach` takes. */
const KEPT_LIMIT = 1000;

/** Shows an event to all who listen, of some projects; gives the entries that executions wait for and that are there now. */
export function publishEvent(
  transaction: StoreTransaction,
  event: CloudEvent,
  { at, expressions, projects }: { at: number; expressions: ExpressionEvaluator; projects?: ProjectScope | undefined },
): OwnedEntry[] {
  return transaction.listeners(event.type).flatMap(({ executionId, key }): OwnedEntry[] => {
    if (projects !== undefined && !includesProject(projects, transaction.projectOf(executionId) ?? '')) return [];
    const entry = transaction.entry(executionId, key);
    const status = transaction.status(executionId);
    if (entry?.state !== 'waiting' || status === undefined || isFinal(status)) {
      transaction.removeListeners(executionId, key);
      return [];
    }
    const listener = entry.value as unknown as Listener;
    const owned = { executionId, entry };
    if (listener.each === true && wasQueued(transaction, owned, event)) return [];
    try {
      const taken = takeEvent(listener, event, expressions);
      return taken === undefined ? [] : recordTaken(transaction, owned, { event, taken, at });
    } catch (error) {
      // Its own condition failed: that is the matter of this execution and of no other.
      return failListener(transaction, owned, { listener, error: WorkflowError.from(error), at });
    }
  });
}

function recordTaken(
  transaction: StoreTransaction,
  owned: OwnedEntry,
  { event, taken, at }: { event: CloudEvent; taken: TakenEvent; at: number },
): OwnedEntry[] {
  const { executionId, entry } = owned;
  const { listener, isGiven, isSatisfied } = taken;
  const isTooMany = countOf(listener) > (listener.each === true ? EACH_LIMIT : KEPT_LIMIT);
  if (isTooMany || isTooLarge(listener)) return failListener(transaction, owned, { listener, error: overLimit(listener), at });
  transaction.appendEvent({
    executionId,
    type: 'event_consumed',
    step: entry.name,
    at,
    data: { key: entry.key, source: event.source, id: event.id, type: event.type },
  });
  const queued = listener.each === true && isGiven ? [queueEvent(transaction, owned, { event, listener, at })] : [];
  if (!isSatisfied) {
    transaction.putEntry(executionId, { ...entry, value: toJson(listener) });
    return queued;
  }
  const value = listener.each === true ? countOf(listener) : listenerOutput(listener);
  const done = closeListener(transaction, owned, { state: 'done', value, at });
  if (listener.each === true)
    return [...queued, queueEnd(transaction, owned, { index: countOf(listener), state: 'done', value: null, at })];
  return [{ executionId, entry: done }];
}

function failListener(
  transaction: StoreTransaction,
  owned: OwnedEntry,
  { listener, error, at }: { listener: Listener; error: WorkflowError; at: number },
): OwnedEntry[] {
  const failed = { state: 'failed', value: error.toJson(), at } as const;
  const entry = closeListener(transaction, owned, failed);
  if (listener.each !== true) return [{ executionId: owned.executionId, entry }];
  return [queueEnd(transaction, owned, { index: Math.min(countOf(listener), EACH_LIMIT), ...failed })];
}

function isTooLarge(listener: Listener): boolean {
  return listener.taken.length > 1 && JSON.stringify(listenerOutput(listener)).length > VALUE_LIMIT_CHARACTERS;
}

function overLimit(listener: Listener): WorkflowError {
  const events = listener.each === true ? EACH_LIMIT : KEPT_LIMIT;
  const detail = `Cannot take another event: the limit is ${events} events and ${VALUE_LIMIT_CHARACTERS} characters`;
  return new WorkflowError({ type: 'runtime', status: 422, title: 'LIMIT_EXCEEDED', detail });
}
