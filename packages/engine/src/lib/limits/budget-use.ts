import { PlatformError, type BudgetAddition, toJson } from '@loopwright/protocol';
import { digestOf } from '../definition/definition.ts';
import { pauseExecution, requireExecution, resumeExecution } from '../embedded/control.ts';
import { type Execution, isFinal } from '../execution/execution.ts';
import type { Budget } from '../store/limits-store.ts';
import type { StoreTransaction } from '../store/store.ts';
import { addedTo, budgetState, hasLimit, reachedAt, unlimitedBudget, unlimitedKinds } from './budget.ts';

/**
 * Counts one more run of a step, or pauses the execution when its budget is used up. Gives whether the step may begin. The count is
 * committed before the step begins, so that a step which takes the process down with it comes to its limit too.
 */
export function beginAttempt(transaction: StoreTransaction, executionId: string, at: number): boolean {
  const status = transaction.status(executionId);
  const budget = transaction.limits.budget(executionId);
  if (budget === undefined) return true;
  if (status === undefined || status === 'paused' || isFinal(status)) return false;
  const reached = reachedAt(budget, at);
  if (reached === null) {
    countAttempt(transaction, executionId, budget);
    return true;
  }
  transaction.limits.putBudget(executionId, { ...budget, reached });
  pauseExecution(transaction, executionId, { who: 'budget', at });
  const data = { ...budgetState({ ...budget, reached }, at) };
  transaction.appendEvent({ executionId, type: 'budget_reached', step: null, at, data });
  return false;
}

/** Counts one more run of a step. */
export function countAttempt(
  transaction: StoreTransaction,
  executionId: string,
  budget: Budget | undefined = transaction.limits.budget(executionId),
): void {
  if (budget === undefined) return;
  const used = { ...budget.used, attempts: budget.used.attempts + 1 };
  transaction.limits.putBudget(executionId, { ...budget, used });
}

/** Adds what a try of a step reported, whether or not the execution has a budget. */
export function recordSpending(
  transaction: StoreTransaction,
  executionId: string,
  spent: { readonly cost: number; readonly tokens: number },
): void {
  const budget = transaction.limits.budget(executionId) ?? firstSpending(transaction, executionId);
  const used = { ...budget.used, cost: budget.used.cost + spent.cost, tokens: budget.used.tokens + spent.tokens };
  transaction.limits.putBudget(executionId, { ...budget, used });
}

/** An execution without a budget is counted from its first report on; its tries until then are the ones that were recorded. */
function firstSpending(transaction: StoreTransaction, executionId: string): Budget {
  const { createdAt, status, statusSince } = requireExecution(transaction, executionId);
  const attempts = transaction.journal(executionId).filter(({ kind }) => kind === 'step').length;
  const budget = unlimitedBudget(status === 'paused' ? null : createdAt);
  const wall = status === 'paused' ? statusSince - createdAt : 0;
  return { ...budget, used: { ...budget.used, attempts, wall } };
}

/**
 * Adds to the budget of an execution; one that was paused for it goes on. The same id with the same addition is the same addition.
 * Throws EXECUTION_NOT_FOUND, INVALID_STATE for one that has ended, VALIDATION_ERROR for a kind that has no limit, IDEMPOTENCY_CONFLICT.
 */
export function addToBudget(
  transaction: StoreTransaction,
  executionId: string,
  { add, additionId, who, at }: { add: BudgetAddition; additionId: string; who: string; at: number },
): Execution {
  const execution = requireExecution(transaction, executionId);
  const digest = digestOf(toJson(add));
  const before = transaction.limits.addition(executionId, additionId);
  if (before === digest) return execution;
  if (before !== undefined) {
    const message = 'Cannot add to the budget: something else was added under this idempotency key';
    throw new PlatformError('IDEMPOTENCY_CONFLICT', message);
  }
  if (isFinal(execution.status)) {
    throw new PlatformError('INVALID_STATE', `Cannot add to the budget: the execution is ${execution.status}`, {
      details: { status: execution.status },
    });
  }
  const budget = transaction.limits.budget(executionId);
  if (budget === undefined || !hasLimit(budget)) {
    throw new PlatformError('VALIDATION_ERROR', 'Cannot add to the budget: the execution has none');
  }
  const unlimited = unlimitedKinds(budget, add);
  if (unlimited.length > 0) {
    throw new PlatformError('VALIDATION_ERROR', `Cannot add to the budget: it does not limit ${unlimited.join(', ')}`, {
      details: { issues: unlimited.map((kind) => ({ pointer: `/add/${kind}`, message: 'has no limit' })) },
    });
  }
  const added = addedTo(budget, add);
  const reached = budget.reached === null ? null : reachedAt(added, at);
  transaction.limits.putBudget(executionId, { ...added, reached });
  transaction.limits.putAddition(executionId, additionId, digest);
  transaction.appendEvent({
    executionId,
    type: 'budget_added',
    step: null,
    at,
    data: { added: toJson(add), added_by: who, ...budgetState({ ...added, reached }, at) },
  });
  if (execution.status !== 'paused' || budget.reached === null || reached !== null)
    return requireExecution(transaction, executionId);
  return resumeExecution(transaction, executionId, { who, at });
}
