import type { StoreTransaction } from '../store/store.ts';
import { openStatus } from './open-human-task.ts';

/**
 * Gives up what is open in a part of an execution: steps under way will not be recorded, timers are dropped, questions are closed. Gives
 * whether anything was open besides deadlines.
 */
export function giveUp(
  transaction: StoreTransaction,
  executionId: string,
  { isInside, questions: state, at }: { isInside: (key: string) => boolean; questions: 'expired' | 'cancelled'; at: number },
): boolean {
  const open = transaction
    .journal(executionId)
    .filter((entry) => isInside(entry.key) && (entry.state === 'running' || entry.state === 'waiting'));
  for (const entry of open) transaction.putEntry(executionId, { ...entry, state: 'cancelled', dueAt: null, remainingMs: null });
  const keys = new Set(open.map(({ key }) => key));
  const questions = transaction.humanTasks({ executionId, state: 'open', limit: 1000 }).filter(({ key }) => keys.has(key));
  for (const { id } of questions) transaction.updateHumanTask(id, { state });
  const paused = transaction.status(executionId) === 'paused';
  if (questions.length > 0 && !paused)
    transaction.updateExecution(executionId, { status: openStatus(transaction, executionId) }, at);
  return open.some(({ kind }) => kind !== 'deadline');
}
