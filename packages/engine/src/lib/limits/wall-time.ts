import { PlatformError } from '@loopwright/protocol';
import type { StoreTransaction } from '../store/store.ts';
import { budgetState, reachedAt, usedAt } from './budget.ts';

/** Lets the wall time of an execution stand still: it is paused or queued. */
export function stopWallTime(transaction: StoreTransaction, executionId: string, at: number): void {
  const budget = transaction.limits.budget(executionId);
  if (budget?.wallSince == null) return;
  transaction.limits.putBudget(executionId, { ...budget, used: usedAt(budget, at), wallSince: null });
}

/**
 * Lets the wall time of an execution run. Throws BUDGET_REACHED when the execution was paused because its budget is used up, and it still
 * is: it would stop again at once.
 */
export function startWallTime(transaction: StoreTransaction, executionId: string, at: number): void {
  const budget = transaction.limits.budget(executionId);
  if (budget === undefined || budget.wallSince !== null) return;
  if (budget.reached !== null && reachedAt(budget, at) !== null) {
    const state = budgetState(budget, at);
    const message = `Cannot resume the execution: its budget of ${state.reached ?? ''} is used up`;
    throw new PlatformError('BUDGET_REACHED', message, { details: { ...state } });
  }
  transaction.limits.putBudget(executionId, { ...budget, wallSince: at, reached: null });
}
