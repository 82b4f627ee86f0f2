import { type BudgetAddition, type BudgetKind as WireKind, PlatformError, budgetKindSchema } from '@loopwright/protocol';
import type { StoredHumanTask } from '../execution/execution.ts';
import type { HumanTaskRequest } from '../human-task/human-task-request.ts';
import { newHumanTask } from '../human-task/new-human-task.ts';
import type { Budget } from '../store/limits-store.ts';
import type { StoreTransaction } from '../store/store.ts';
import { budgetState } from './budget.ts';

/** The keys of these questions, `@budget-1-tokens`; no task of a definition has such a key. */
const KEY = /^@budget-\d+-(.+)$/;
const QUESTION = 'MORE';
/** What people read of a kind, and the least and the most that can be added at once. */
const KINDS: Record<WireKind, { readonly unit: string; readonly minimum: number; readonly maximum: number }> = {
  cost_usd: { unit: 'US dollars', minimum: 0.01, maximum: 999_999 },
  tokens: { unit: 'tokens', minimum: 1, maximum: 1_000_000_000_000 },
  attempts: { unit: 'attempts', minimum: 1, maximum: 1_000_000_000_000 },
  wall_seconds: { unit: 'seconds', minimum: 1, maximum: 3_153_600_000 },
};

/** Whether a question asks for more budget; it belongs to an execution, and to no task of its definition. */
export function isBudgetQuestion({ key }: Pick<StoredHumanTask, 'key'>): boolean {
  return KEY.test(key);
}

/** The kind of budget that a question asks for. */
export function budgetKindOf({ key }: Pick<StoredHumanTask, 'key'>): WireKind {
  return budgetKindSchema.parse(KEY.exec(key)?.[1]);
}

/**
 * Asks people how much more an execution may use that is paused because its budget is used up, unless that is asked already; what was
 * asked about another kind is closed. Gives the id of the question.
 */
export function askForBudget(transaction: StoreTransaction, executionId: string, budget: Budget, at: number): string {
  const { limits, used, reached } = budgetState(budget, at);
  const kind = reached ?? 'attempts';
  const { unit, minimum, maximum } = KINDS[kind];
  const asked = transaction.humanTasks({ executionId, limit: 10_000 }).filter(isBudgetQuestion);
  const open = asked.find((task) => task.state === 'open' && budgetKindOf(task) === kind);
  if (open !== undefined) return open.id;
  closeBudgetQuestions(transaction, executionId);
  const key = `@budget-${asked.length + 1}-${kind}`;
  const text = `How many more ${unit} may the execution use?`;
  const request: HumanTaskRequest = {
    kind: 'clarification',
    title: `The budget of ${unit} is used up`,
    message: `${used[kind]} of ${limits[kind] ?? 0} ${unit} are used. The execution is paused and goes on when more are allowed; cancel it to end it.`,
    questions: [
      { id: QUESTION, text, priority: 'must', answer_type: 'number', required: true, blocking: true, minimum, maximum },
    ],
  };
  const workflow = transaction.execution(executionId)?.workflow ?? '';
  const task = newHumanTask({ executionId, key, step: 'budget', workflow }, request, at);
  transaction.insertHumanTask(task);
  return task.id;
}

/** What an answer that was checked adds. Throws INVALID_ANSWER when it is no whole number of what is counted. */
export function additionOf(kind: WireKind, amount: number): BudgetAddition {
  if (kind === 'cost_usd') return { cost_usd: amount.toFixed(9).replace(/\.?0+$/, '') };
  if (kind === 'wall_seconds') return { wall_seconds: amount };
  if (Number.isInteger(amount)) return { [kind]: amount };
  throw new PlatformError('INVALID_ANSWER', `Cannot take the answer: ${amount} is no whole number`, {
    details: { issues: [{ pointer: `/answers/${QUESTION}`, message: 'is no whole number' }] },
  });
}

/** The number that an answer to such a question gives. */
export function amountIn(answers: unknown): number {
  return Number((answers as Record<string, unknown> | undefined)?.[QUESTION]);
}

/** Closes the questions for more budget that are open: the execution goes on without an answer, or has ended. */
export function closeBudgetQuestions(transaction: StoreTransaction, executionId: string): void {
  if (!transaction.limits.hasBudgets()) return;
  for (const task of transaction.humanTasks({ executionId, state: 'open', limit: 1000 }))
    if (isBudgetQuestion(task)) transaction.updateHumanTask(task.id, { state: 'cancelled' });
}
