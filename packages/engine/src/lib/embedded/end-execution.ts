import { type Json, type JsonObject, toJson } from '@loopwright/protocol';
import { type Execution, type JournalEntry, isFinal } from '../execution/execution.ts';
import { WorkflowError } from '../interpreter/workflow-error.ts';
import { closeBudgetQuestions } from '../limits/budget-question.ts';
import { endWallTimer } from '../limits/wall-time.ts';
import type { OwnedEntry, StoreTransaction } from '../store/store.ts';

/** How an execution ends. */
export type Ending =
  | { readonly status: 'completed'; readonly output: Json }
  | { readonly status: 'failed'; readonly error: Json }
  | { readonly status: 'cancelled'; readonly by: { readonly who: string; readonly reason: string | null } };

/**
 * Ends an execution that has not ended. The execution that runs it as a part of its own gets the result in the same transaction: what is
 * returned is to be handed over to that one.
 */
export function endExecution(transaction: StoreTransaction, id: string, ending: Ending, at: number): OwnedEntry | undefined {
  closeBudgetQuestions(transaction, id);
  endWallTimer(transaction, id);
  const { status, ...result } = ending;
  const change = 'by' in result ? {} : result;
  transaction.updateExecution(id, { ...change, status, statusSince: at, completedAt: at, currentStep: null }, at);
  transaction.appendEvent({ executionId: id, type: status, step: null, at, data: eventData(ending) });
  return tellParent(transaction, id, ending, at);
}

function eventData(ending: Ending): JsonObject {
  if (ending.status === 'failed') return { error: ending.error };
  return ending.status === 'cancelled' ? { cancelled_by: ending.by.who, reason: ending.by.reason } : {};
}

function tellParent(transaction: StoreTransaction, id: string, ending: Ending, at: number): OwnedEntry | undefined {
  const parent = transaction.parent(id);
  return parent === null ? undefined : receiveEnding(transaction, parent, { id, ending, at });
}

/** Gives the execution that waits under a key for another one what became of that one, if it still waits. */
export function receiveEnding(
  transaction: StoreTransaction,
  { executionId, key }: NonNullable<Execution['parent']>,
  { id, ending, at }: { id: string; ending: Ending; at: number },
): OwnedEntry | undefined {
  const waiting = transaction.entry(executionId, key);
  const status = transaction.status(executionId);
  if (waiting?.state !== 'waiting' || status === undefined || isFinal(status)) return undefined;
  const result =
    ending.status === 'completed'
      ? ({ state: 'done', value: ending.output } as const)
      : ({ state: 'failed', value: ending.status === 'failed' ? ending.error : cancelled(id, ending.by.who) } as const);
  const entry: JournalEntry = { ...waiting, ...result, recordedAt: at };
  transaction.putEntry(executionId, entry);
  const isDone = result.state === 'done';
  const data = toJson({ key, execution_id: id, ...(isDone ? {} : { error: result.value }) }) as JsonObject;
  transaction.appendEvent({ executionId, type: isDone ? 'step_completed' : 'step_failed', step: waiting.name, at, data });
  return { executionId, entry };
}

function cancelled(id: string, who: string): Json {
  const detail = `Cannot go on: the execution ${id} was cancelled by "${who}"`;
  return new WorkflowError({ type: 'runtime', status: 409, title: 'EXECUTION_CANCELLED', detail }).toJson();
}
