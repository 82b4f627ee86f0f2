import { createHash } from 'node:crypto';
import { type Json, messageOf } from '@loopwright/protocol';
import { type CloudEvent, type Listener, type TakenEvent, countOf, listenerOutput, takeEvent } from '../event/listener.ts';
import type { ExpressionEvaluator } from '../expression/expression.ts';
import type { StoredSchedule } from '../schedule/stored-schedule.ts';
import type { StoreTransaction } from '../store/store.ts';

/** The most sets of events, told apart by their correlations, that one schedule waits to complete. */
const WAITING_LIMIT = 100;
/** The most events of one set. */
const SET_LIMIT = 1000;
/** How long an event that was taken is known again, in milliseconds. */
const REMEMBERED_MS = 7 * 86_400_000;

/** An execution id that is the same whenever the same thing starts it: a UUID made of a digest (RFC 9562, version 8). */
export function scheduledId(workflow: string, cause: Json): string {
  const hex = createHash('sha256')
    .update(JSON.stringify(['schedule', workflow, cause]))
    .digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/**
 * Shows an event to the schedule of a workflow; `fresh` is its listener with nothing taken. Gives whether the event completed a set: its
 * start is recorded then.
 */
export function offerEvent(
  transaction: StoreTransaction,
  event: CloudEvent,
  { workflow, fresh, at, expressions }: { workflow: string; fresh: Listener; at: number; expressions: ExpressionEvaluator },
): boolean {
  const { schedules } = transaction;
  const row = schedules.get(workflow);
  if (row?.state !== 'active' || row.kind !== 'on' || schedules.hasTaken(workflow, event)) return false;
  for (const [index, listener] of [...row.waiting, fresh].entries()) {
    const taken = attempt(listener, event, expressions);
    if (taken === undefined) continue;
    schedules.take(workflow, event, { at, forgetBefore: at - REMEMBERED_MS });
    const rest = row.waiting.toSpliced(index, 1);
    const refusal = typeof taken === 'string' ? taken : refusalOf(taken, rest);
    if (typeof taken === 'string' || refusal !== undefined) {
      schedules.put({ ...row, waiting: rest, lastError: refusal ?? null });
      return false;
    }
    const waiting = taken.isSatisfied ? rest : row.waiting.toSpliced(index, 1, taken.listener);
    if (waiting.length > 0 || row.waiting.length > 0) schedules.put({ ...row, waiting });
    return taken.isSatisfied && recordStart(transaction, row, { listener: taken.listener, at });
  }
  return false;
}

/** What a listener does with an event, or why its condition could not be asked. */
function attempt(listener: Listener, event: CloudEvent, expressions: ExpressionEvaluator): TakenEvent | string | undefined {
  try {
    return takeEvent(listener, event, expressions);
  } catch (error) {
    return messageOf(error);
  }
}

function refusalOf({ listener, isSatisfied }: TakenEvent, others: readonly Listener[]): string | undefined {
  if (countOf(listener) > SET_LIMIT) return `Cannot take the event: a set has at most ${SET_LIMIT} events`;
  if (isSatisfied || others.length < WAITING_LIMIT) return undefined;
  return `Cannot take the event: ${WAITING_LIMIT} sets of events wait to be complete, which is the limit`;
}

function recordStart(
  transaction: StoreTransaction,
  { workflow }: StoredSchedule,
  { listener, at }: { listener: Listener; at: number },
): boolean {
  // What ended the set may have come before anything that belongs to it.
  if (listener.taken.length === 0) return false;
  const cause = listener.taken.map(({ event: { source, id } }) => [source, id]);
  const executionId = scheduledId(workflow, cause);
  transaction.schedules.addStart({ executionId, workflow, input: listenerOutput(listener), createdAt: at });
  return true;
}
