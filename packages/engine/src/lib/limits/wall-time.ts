import { PlatformError } from '@loopwright/protocol';
import type { StoreTransaction } from '../store/store.ts';
import { budgetState, reachedAt, usedAt } from './budget.ts';

/** Lets the wall time of an execution stand still: it is paused or queued. */
export function stopWallTime(transaction: StoreTransaction, executionId: string, at: number): void {
  const budget = transaction.limits.budget(executionId);
  if (budget?.wallSince == null) return;
  transaction.limits.putBudget(executionId, { ...budget, used: usedAt(budget, at), wallSince: null });
}

/** Lets the wall time of an execution run. */
export function startWallTime(transaction: StoreTransaction, executionId: string, at: number): void {
  const budget = transaction.limits.budget(executionId);
  if (budget === undefined || budget.wallSince !== null) return;
  transaction.limits.putBudget(executionId, { ...budget, wallSince: at, reached: null });
}

/** Whose budget keeps an execution paused: its own, or that of one which waits for it. */
export function exhaustedPayer(transaction: StoreTransaction, executionId: string, at: number): string | undefined {
  if (!transaction.limits.hasBudgets()) return undefined;
  return transaction.limits.payers(executionId).find((payer) => {
    const budget = transaction.limits.budget(payer);
    return budget?.reached != null && reachedAt(budget, at) !== null;
  });
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
