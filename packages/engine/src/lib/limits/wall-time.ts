import { PlatformError } from '@loopwright/protocol';
import { deadlineKey } from '../embedded/deadline-key.ts';
import { newEntry } from '../embedded/new-entry.ts';
import type { JournalEntry } from '../execution/execution.ts';
import type { Budget } from '../store/limits-store.ts';
import type { StoreTransaction } from '../store/store.ts';
import { budgetState, reachedAt, usedAt } from './budget.ts';

/** The key of the timer in the journal that is due when the wall time is used up; no task of a definition has such a key. */
const TIMER = deadlineKey('@budget');

/** Whether an entry of a journal is the timer of the wall time, and no operation of the definition. */
export function isWallTimer({ key }: Pick<JournalEntry, 'key'>): boolean {
  return key === TIMER;
}

/** When the wall time of a budget will be used up; `null` when it has no limit or stands still. */
export function wallDueAt({ limits, used, wallSince }: Budget): number | null {
  return wallSince === null || limits.wall === null ? null : wallSince + Math.max(0, limits.wall - used.wall);
}

/**
 * Sets the timer of the wall time by the budget. Call it whenever its limit changes, or whether it runs. The timer waits as long as the
 * execution has not ended, so an execution that rests still does.
 */
export function setWallTimer(transaction: StoreTransaction, executionId: string, at: number): void {
  const budget = transaction.limits.budget(executionId);
  if (budget === undefined || budget.limits.wall === null) return;
  const dueAt = wallDueAt(budget);
  const before = transaction.entry(executionId, TIMER);
  if (before === undefined && dueAt === null) return;
  const createdAt = before?.createdAt ?? at;
  transaction.putEntry(executionId, {
    ...newEntry({ key: TIMER, name: 'budget' }, 'deadline', createdAt),
    state: 'waiting',
    dueAt,
  });
}

/** An execution has ended: nothing is due any more. */
export function endWallTimer(transaction: StoreTransaction, executionId: string): void {
  if (!transaction.limits.hasBudgets()) return;
  const timer = transaction.entry(executionId, TIMER);
  if (timer?.state === 'waiting')
    transaction.putEntry(executionId, { ...timer, state: 'cancelled', dueAt: null, remainingMs: null });
}

/** Lets the wall time of an execution stand still: it is paused or queued. */
export function stopWallTime(transaction: StoreTransaction, executionId: string, at: number): void {
  const budget = transaction.limits.budget(executionId);
  if (budget?.wallSince == null) return;
  transaction.limits.putBudget(executionId, { ...budget, used: usedAt(budget, at), wallSince: null });
  setWallTimer(transaction, executionId, at);
}

/** Lets the wall time of an execution run. */
export function startWallTime(transaction: StoreTransaction, executionId: string, at: number): void {
  const budget = transaction.limits.budget(executionId);
  if (budget === undefined || budget.wallSince !== null) return;
  transaction.limits.putBudget(executionId, { ...budget, wallSince: at, reached: null });
  setWallTimer(transaction, executionId, at);
}

/** Whose budget keeps an execution paused: its own, or that of one which waits for it. */
export function exhaustedPayer(transaction: StoreTransaction, executionId: string, at: number): string | undefined {
  if (!transaction.limits.hasBudgets()) return undefined;
  return transaction.limits.payers(executionId).find((payer) => isUsedUp(transaction, payer, at));
}

/** Whether an execution was paused because its own budget is used up, and it still is. */
export function isUsedUp(transaction: StoreTransaction, executionId: string, at: number): boolean {
  const budget = transaction.limits.budget(executionId);
  return budget?.reached != null && reachedAt(budget, at) !== null;
}

/** Throws BUDGET_REACHED when an execution was paused because a budget is used up, and it still is: it would stop again at once. */
export function refuseWithoutBudget(transaction: StoreTransaction, executionId: string, at: number): void {
  const payer = exhaustedPayer(transaction, executionId, at);
  const budget = payer === undefined ? undefined : transaction.limits.budget(payer);
  if (payer === undefined || budget === undefined) return;
  const state = budgetState(budget, at);
  const whose = payer === executionId ? 'its budget' : `the budget of the execution ${payer}, which waits for it,`;
  const message = `Cannot resume the execution: ${whose} of ${state.reached ?? ''} is used up`;
  throw new PlatformError('BUDGET_REACHED', message, { details: { execution_id: payer, ...state } });
}
