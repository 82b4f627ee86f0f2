import type { WorkflowDefinition } from '../definition/definition.ts';
import type { StoreTransaction } from '../store/store.ts';
import { hasLimit, newBudget, unlimitedBudget } from './budget.ts';
import type { StartPlan } from './execution-limits.ts';
import { setWallTimer } from './wall-time.ts';
import { workflowLimits } from './workflow-limits.ts';

/**
 * What limits an execution that another one runs: the budget of its own definition. What it uses counts for the one that waits for it too,
 * so it needs none of the server. Its slot is looked for when it is taken up.
 */
export function childPlan(executionId: string, definition: WorkflowDefinition): Pick<StartPlan, 'status' | 'record'> {
  return {
    status: 'running',
    record: (transaction, at) => {
      const budget = newBudget([workflowLimits(definition).budgets], at);
      if (budget !== undefined) transaction.limits.putBudget(executionId, budget);
      setWallTimer(transaction, executionId, at);
    },
  };
}

/** What limits an execution that begins again, from the one that it is the restart of: the same, and nothing of it is used yet. */
export function inheritLimits(transaction: StoreTransaction, { from, to, at }: { from: string; to: string; at: number }): void {
  const budget = transaction.limits.budget(from);
  if (budget !== undefined && hasLimit(budget)) {
    transaction.limits.putBudget(to, { ...unlimitedBudget(at), limits: budget.limits });
    setWallTimer(transaction, to, at);
  }
  const admission = transaction.limits.admission(from);
  if (admission !== undefined) transaction.limits.putAdmission({ ...admission, executionId: to, state: 'free' });
}
