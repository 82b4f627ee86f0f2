import type { StoredHumanTask } from '../execution/execution.ts';
import type { SubmittedAnswer } from '../human-task/answer.ts';
import { settleTask } from '../human-task/settle-task.ts';
import type { StoreTransaction } from '../store/store.ts';
import { additionOf, amountIn, budgetKindOf } from './budget-question.ts';
import { addToBudget } from './budget-use.ts';

/**
 * Takes the answer to a question for more budget: adds it, and lets the execution go on when that is enough; else it is asked again. Throws
 * INVALID_ANSWER and what {@link addToBudget} throws.
 */
export function answerBudgetQuestion(
  transaction: StoreTransaction,
  task: StoredHumanTask,
  given: { answer: SubmittedAnswer; answerId: string; answeredBy: string; at: number },
): void {
  const { answers } = settleTask(transaction, task, given);
  const add = additionOf(budgetKindOf(task), amountIn(answers));
  addToBudget(transaction, task.executionId, { add, additionId: `answer ${task.id}`, who: given.answeredBy, at: given.at });
}
