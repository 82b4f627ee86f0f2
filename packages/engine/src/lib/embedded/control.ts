import { PlatformError } from '@loopwright/protocol';
import { type Execution, isFinal } from '../execution/execution.ts';
import { overLimit } from '../check-value.ts';
import { EVENT_LIMIT } from '../limits.ts';
import type { OwnedEntry, StoreTransaction } from '../store/store.ts';
import { childOf } from '../execution/child-entry.ts';
import { isUsedUp, refuseWithoutBudget, startWallTime, stopWallTime } from '../limits/wall-time.ts';
import { cancelTree } from './give-up.ts';
import { openStatus } from './open-human-task.ts';

/** The execution, or EXECUTION_NOT_FOUND. */
export function requireExecution(transaction: Pick<StoreTransaction, 'execution'>, id: string): Execution {
  const execution = transaction.execution(id);
  if (execution === undefined) throw new PlatformError('EXECUTION_NOT_FOUND', `Cannot find the execution "${id}"`);
  return execution;
}

function requireOpen(transaction: StoreTransaction, id: string, verb: string): Execution {
  const execution = requireExecution(transaction, id);
  if (!isFinal(execution.status)) return execution;
  throw new PlatformError('INVALID_STATE', `Cannot ${verb} the execution: it is ${execution.status}`, {
    details: { status: execution.status },
  });
}

/** Ends an execution and what it waits for; gives also what is to be handed to the execution that waits for this one. */
export function cancelExecution(
  transaction: StoreTransaction,
  id: string,
  { at, ...by }: { who: string; reason: string | null; at: number },
): { execution: Execution; delivered: OwnedEntry | undefined } {
  requireOpen(transaction, id, 'cancel');
  const delivered = cancelTree(transaction, id, by, at);
  return { execution: requireExecution(transaction, id), delivered };
}

/** Stops the timers of an execution and of those it waits for, and marks them as paused; their questions stay open and can be answered. */
export function pauseExecution(transaction: StoreTransaction, id: string, by: { who: string; at: number }): Execution {
  const execution = requireOpen(transaction, id, 'pause');
  if (execution.status === 'paused') throw new PlatformError('INVALID_STATE', 'Cannot pause the execution: it is paused');
  if (transaction.count('events', id) >= EVENT_LIMIT)
    throw overLimit('another pause of the execution', { limit: 'events', maximum: EVENT_LIMIT });
  pauseTree(transaction, id, by);
  return requireExecution(transaction, id);
}

/** Pauses an execution and those it waits for, as far as they go on. */
export function pauseTree(transaction: StoreTransaction, id: string, { who, at }: { who: string; at: number }): void {
  const status = transaction.status(id);
  if (status === undefined || isFinal(status) || status === 'paused') return;
  for (const entry of transaction.journal(id)) {
    const child = childOf(entry);
    if (child !== undefined) pauseTree(transaction, child, { who, at });
    if (entry.dueAt === null || entry.state !== 'waiting') continue;
    transaction.putEntry(id, { ...entry, dueAt: null, remainingMs: Math.max(0, entry.dueAt - at) });
  }
  stopWallTime(transaction, id, at);
  transaction.updateExecution(id, { status: 'paused', statusSince: at }, at);
  transaction.appendEvent({ executionId: id, type: 'paused', step: null, at, data: { paused_by: who } });
}

/** Starts the timers of an execution and of those it waits for again, with what was left of them. */
export function resumeExecution(transaction: StoreTransaction, id: string, by: { who: string; at: number }): Execution {
  const execution = requireExecution(transaction, id);
  if (execution.status !== 'paused') {
    throw new PlatformError('INVALID_STATE', `Cannot resume the execution: it is ${execution.status}, not paused`, {
      details: { status: execution.status },
    });
  }
  refuseWithoutBudget(transaction, id, by.at);
  resumeTree(transaction, id, by);
  return requireExecution(transaction, id);
}

function resumeTree(transaction: StoreTransaction, id: string, { who, at }: { who: string; at: number }): void {
  // One that asks for more budget of its own goes on when it has it, not with those that wait for it.
  if (transaction.status(id) !== 'paused' || isUsedUp(transaction, id, at)) return;
  startWallTime(transaction, id, at);
  for (const entry of transaction.journal(id)) {
    const child = childOf(entry);
    if (child !== undefined) resumeTree(transaction, child, { who, at });
    if (entry.remainingMs === null || entry.state !== 'waiting') continue;
    transaction.putEntry(id, { ...entry, dueAt: at + entry.remainingMs, remainingMs: null });
  }
  transaction.updateExecution(id, { status: openStatus(transaction, id), statusSince: at }, at);
  transaction.appendEvent({ executionId: id, type: 'resumed', step: null, at, data: { resumed_by: who } });
}
