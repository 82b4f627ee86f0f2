import type { StoredHumanTask } from '../execution/execution.ts';
import { type SubmittedAnswer, checkAnswer } from '../human-task/answer.ts';
import type { HumanTaskRequest } from '../human-task/human-task-request.ts';
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
  { answer, answerId, answeredBy, at }: { answer: SubmittedAnswer; answerId: string; answeredBy: string; at: number },
): void {
  const { executionId, id } = task;
  const checked = checkAnswer(task.request as unknown as HumanTaskRequest, answer);
  const value = { ...checked, task_id: id, answered_by: answeredBy, answered_at: new Date(at).toISOString() };
  transaction.updateHumanTask(id, { state: 'answered', answeredAt: at, answeredBy, answerId, answer: value });
  transaction.appendEvent({
    executionId,
    type: 'clarification_answered',
    step: task.step,
    at,
    data: { task_id: id, answered_by: answeredBy },
  });
  const add = additionOf(budgetKindOf(task), amountIn(checked['answers']));
  addToBudget(transaction, executionId, { add, additionId: `answer ${id}`, who: answeredBy, at });
}
