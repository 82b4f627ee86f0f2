import { PlatformError } from '@loopwright/protocol';
import { type Execution, isFinal } from '../execution/execution.ts';
import type { StoreTransaction } from '../store/store.ts';
import { startWallTime, stopWallTime } from '../limits/wall-time.ts';
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

/** Ends an execution: its questions are closed, its timers are dropped. */
export function cancelExecution(
  transaction: StoreTransaction,
  id: string,
  { who, reason, at }: { who: string; reason: string | null; at: number },
): Execution {
  requireOpen(transaction, id, 'cancel');
  for (const task of transaction.humanTasks({ executionId: id, state: 'open', limit: 1000 })) {
    transaction.updateHumanTask(task.id, { state: 'cancelled' });
  }
  for (const entry of transaction.journal(id)) {
    if (entry.state === 'running' || entry.state === 'waiting') {
      transaction.putEntry(id, { ...entry, state: 'cancelled', dueAt: null, remainingMs: null });
    }
  }
  transaction.updateExecution(id, { status: 'cancelled', statusSince: at, completedAt: at, currentStep: null }, at);
  transaction.appendEvent({ executionId: id, type: 'cancelled', step: null, at, data: { cancelled_by: who, reason } });
  return requireExecution(transaction, id);
}

/** Stops an execution's timers and marks it as paused; its questions stay open and can be answered. */
export function pauseExecution(transaction: StoreTransaction, id: string, { who, at }: { who: string; at: number }): Execution {
  const execution = requireOpen(transaction, id, 'pause');
  if (execution.status === 'paused') throw new PlatformError('INVALID_STATE', 'Cannot pause the execution: it is paused');
  for (const entry of transaction.journal(id)) {
    if (entry.dueAt === null || entry.state !== 'waiting') continue;
    transaction.putEntry(id, { ...entry, dueAt: null, remainingMs: Math.max(0, entry.dueAt - at) });
  }
  stopWallTime(transaction, id, at);
  transaction.updateExecution(id, { status: 'paused', statusSince: at }, at);
  transaction.appendEvent({ executionId: id, type: 'paused', step: null, at, data: { paused_by: who } });
  return requireExecution(transaction, id);
}

/** Starts the timers again with what was left of them. */
export function resumeExecution(transaction: StoreTransaction, id: string, { who, at }: { who: string; at: number }): Execution {
  const execution = requireExecution(transaction, id);
  if (execution.status !== 'paused') {
    throw new PlatformError('INVALID_STATE', `Cannot resume the execution: it is ${execution.status}, not paused`, {
      details: { status: execution.status },
    });
  }
  startWallTime(transaction, id, at);
  for (const entry of transaction.journal(id)) {
    if (entry.remainingMs === null || entry.state !== 'waiting') continue;
    transaction.putEntry(id, { ...entry, dueAt: at + entry.remainingMs, remainingMs: null });
  }
  transaction.updateExecution(id, { status: openStatus(transaction, id), statusSince: at }, at);
  transaction.appendEvent({ executionId: id, type: 'resumed', step: null, at, data: { resumed_by: who } });
  return requireExecution(transaction, id);
}
