import type { WorkflowDefinition } from '../definition/definition.ts';
import { newBudget } from './budget.ts';
import type { StartPlan } from './execution-limits.ts';
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
    },
  };
}
