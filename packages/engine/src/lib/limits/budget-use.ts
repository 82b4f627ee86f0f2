import { type BudgetAddition, type JsonObject, PlatformError, toJson } from '@loopwright/protocol';
import { digestOf } from '../definition/definition.ts';
import { pauseTree, requireExecution, resumeExecution } from '../embedded/control.ts';
import { type Execution, isFinal } from '../execution/execution.ts';
import type { Budget } from '../store/limits-store.ts';
import type { StoreTransaction } from '../store/store.ts';
import { addedTo, budgetState, hasLimit, reachedAt, unlimitedBudget, unlimitedKinds } from './budget.ts';
import { askForBudget, closeBudgetQuestions } from './budget-question.ts';
import type { Estimate } from './estimate.ts';
import { exhaustedPayer, setWallTimer } from './wall-time.ts';
import { type Spent, usdText } from './spending.ts';

/**
 * Counts one more run of a step, or pauses the execution and asks people when its budget, or that of an execution which waits for it, is used up. Gives
 * whether the step may begin. The count is committed before the step begins, so that a step which takes the process down with it comes
 * to its limit too.
 */
export function beginAttempt(transaction: StoreTransaction, executionId: string, at: number): boolean {
  const status = transaction.status(executionId);
  if (status === undefined || status === 'paused' || isFinal(status)) return false;
  for (const payer of transaction.limits.payers(executionId)) {
    // The one that waits first, because it pauses what it waits for; the other one may have been resumed by itself.
    if (!pauseWhenUsedUp(transaction, payer, at)) continue;
    pauseTree(transaction, executionId, { who: 'budget', at });
    return false;
  }
  countAttempt(transaction, executionId);
  return true;
}

/**
 * The timer of the wall time is due: pauses the execution, with those that it waits for, and asks people. Steps under way are not touched. When there
 * is more to use by now, the timer is set anew.
 */
export function reachWallTime(transaction: StoreTransaction, executionId: string, at: number): void {
  if (!pauseWhenUsedUp(transaction, executionId, at)) setWallTimer(transaction, executionId, at);
}

/** Pauses an execution and asks people when a kind of its budget is used up; gives whether it is. */
function pauseWhenUsedUp(transaction: StoreTransaction, executionId: string, at: number): boolean {
  const budget = transaction.limits.budget(executionId);
  const reached = budget === undefined ? null : reachedAt(budget, at);
  if (budget === undefined || reached === null) return false;
  const used = { ...budget, reached };
  transaction.limits.putBudget(executionId, used);
  const data = { ...budgetState(used, at), task_id: askForBudget(transaction, executionId, used, at) };
  transaction.appendEvent({ executionId, type: 'budget_reached', step: null, at, data });
  pauseTree(transaction, executionId, { who: 'budget', at });
  return true;
}

/** Counts one more run of a step for everybody who counts. */
export function countAttempt(transaction: StoreTransaction, executionId: string): void {
  for (const payer of transaction.limits.payers(executionId)) {
    const budget = transaction.limits.budget(payer);
    if (budget === undefined) continue;
    const used = { ...budget.used, attempts: budget.used.attempts + 1 };
    transaction.limits.putBudget(payer, { ...budget, used });
  }
}

/** Adds what a try of a step reported, whether or not the execution and those that wait for it have budgets, and tells it in an event for each agent and model. */
export function recordSpending(
  transaction: StoreTransaction,
  executionId: string,
  { spent, step, key, at }: { spent: Spent; step: string; key: string; at: number },
): void {
  for (const { cost, inputTokens, outputTokens, estimate, ...usage } of spent.usages) {
    const counted = {
      ...usage,
      input_tokens: inputTokens,
      output_tokens: outputTokens,
      cost_usd: cost === null ? null : usdText(cost),
      ...(estimate === undefined ? {} : { estimate: estimateView(estimate) }),
    };
    transaction.appendEvent({ executionId, type: 'spent', step, at, data: { key, ...counted } });
  }
  for (const payer of transaction.limits.payers(executionId)) {
    const budget = transaction.limits.budget(payer) ?? firstSpending(transaction, payer);
    const used = { ...budget.used, cost: budget.used.cost + spent.cost, tokens: budget.used.tokens + spent.tokens };
    transaction.limits.putBudget(payer, { ...budget, used });
  }
}

function estimateView({ cost, low, high, reason }: Estimate): JsonObject {
  const text = (nanos: number | null): string | null => (nanos === null ? null : usdText(nanos));
  return { usd: text(cost), low_usd: text(low), high_usd: text(high), reason };
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
  setWallTimer(transaction, executionId, at);
  transaction.limits.putAddition(executionId, additionId, digest);
  transaction.appendEvent({
    executionId,
    type: 'budget_added',
    step: null,
    at,
    data: { added: toJson(add), added_by: who, ...budgetState({ ...added, reached }, at) },
  });
  if (reached !== null) askForBudget(transaction, executionId, { ...added, reached }, at);
  const goesOn = execution.status === 'paused' && budget.reached !== null && reached === null;
  if (!goesOn || exhaustedPayer(transaction, executionId, at) !== undefined) return requireExecution(transaction, executionId);
  closeBudgetQuestions(transaction, executionId);
  return resumeExecution(transaction, executionId, { who, at });
}
