import { isFinal } from '../execution/execution.ts';
import type { OwnedEntry, StoreTransaction } from '../store/store.ts';
import { childOf } from '../execution/child-entry.ts';
import { endExecution } from './end-execution.ts';
import { openStatus } from './open-human-task.ts';

/**
 * Gives up what is open in a part of an execution: steps under way will not be recorded, timers and listeners are dropped, questions are
 * closed, executions that the part waits for are cancelled. Gives whether anything was open besides deadlines.
 */
export function giveUp(
  transaction: StoreTransaction,
  executionId: string,
  { isInside, questions: state, at }: { isInside: (key: string) => boolean; questions: 'expired' | 'cancelled'; at: number },
): boolean {
  const open = transaction
    .journal(executionId)
    .filter((entry) => isInside(entry.key) && (entry.state === 'running' || entry.state === 'waiting'));
  for (const entry of open) {
    transaction.putEntry(executionId, { ...entry, state: 'cancelled', dueAt: null, remainingMs: null });
    if (entry.kind === 'listen') transaction.removeListeners(executionId, entry.key);
  }
  const keys = new Set(open.map(({ key }) => key));
  const questions = transaction.humanTasks({ executionId, state: 'open', limit: 1000 }).filter(({ key }) => keys.has(key));
  for (const { id } of questions) transaction.updateHumanTask(id, { state });
  const paused = transaction.status(executionId) === 'paused';
  if (questions.length > 0 && !paused)
    transaction.updateExecution(executionId, { status: openStatus(transaction, executionId) }, at);
  for (const entry of open) {
    const child = childOf(entry);
    const status = child === undefined ? undefined : transaction.status(child);
    if (child === undefined || status === undefined || isFinal(status)) continue;
    const by = { who: executionId, reason: 'The execution that waited for it gave it up' };
    cancelTree(transaction, child, by, at);
  }
  return open.some(({ kind }) => kind !== 'deadline');
}

/** Ends an execution that goes on, and those it waits for; gives what is to be handed to the one that waits for it. */
export function cancelTree(
  transaction: StoreTransaction,
  id: string,
  by: { who: string; reason: string | null },
  at: number,
): OwnedEntry | undefined {
  giveUp(transaction, id, { isInside: () => true, questions: 'cancelled', at });
  return endExecution(transaction, id, { status: 'cancelled', by }, at);
}
