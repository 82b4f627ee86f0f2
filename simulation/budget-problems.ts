import { type Execution, type StoreReader, isFinal } from '@loopwright/engine';
import { type Flow, everyNode } from './node.ts';

/** The key of the timer of the wall time, and how those of the questions for more begin. */
export const WALL_TIMER = '@budget@deadline';
const QUESTION = /^@budget-\d+-/;

/** Whether a question asks for more budget, and belongs to no task. */
export function asksForBudget({ key }: { readonly key: string }): boolean {
  return QUESTION.test(key);
}

/** The id of the open question for more budget of an execution. */
export function openBudgetQuestion(read: StoreReader, executionId: string): string | undefined {
  return read.humanTasks({ executionId, state: 'open', limit: 100 }).find(asksForBudget)?.id;
}

/**
 * What was used is what was done; what is used up pauses and asks once, wall time at its instant when time never passed without the process
 * and the store took everything (`isPunctual`).
 */
export function* budgetProblems(
  read: StoreReader,
  flowOf: (executionId: string) => Flow,
  { execution, isPunctual }: { execution: Execution; isPunctual: boolean },
): Generator<string> {
  const { id, status } = execution;
  const budget = read.limits.budget(id);
  if (flowOf(id).budget === undefined) return;
  if (budget === undefined) {
    yield 'has lost its budget';
    return;
  }
  const { limits, used, reached, wallSince } = budget;
  const begun = stepsBegun(read, flowOf, id);
  if (used.attempts !== begun) yield `counts ${used.attempts} attempts, and ${begun} began`;
  if (limits.attempts !== null && used.attempts > limits.attempts) yield `used ${used.attempts} of ${limits.attempts} attempts`;
  const asked = read.humanTasks({ executionId: id, state: 'open', limit: 100 }).filter(asksForBudget);
  const isAsking = reached !== null && !isFinal(status);
  if (asked.length !== (isAsking ? 1 : 0))
    yield `has ${asked.length} questions for more, its budget is used up: ${reached ?? 'no'}`;
  if (isAsking && status !== 'paused') yield `goes on, and its budget of ${reached} is used up`;
  if (status === 'paused' && wallSince !== null) yield 'its wall time runs while it is paused';
  for (const { type, data } of read.events(id, 0, 100_000)) {
    const state = data as { reached: string; used: { wall_seconds: number }; limits: { wall_seconds: number } };
    if (type !== 'budget_reached' || state.reached !== 'wall_seconds' || !isPunctual) continue;
    if (state.used.wall_seconds !== state.limits.wall_seconds)
      yield `was paused after ${state.used.wall_seconds} of ${state.limits.wall_seconds} s`;
  }
  if (isFinal(status) || status === 'paused' || limits.wall === null) return;
  const timer = read.entry(id, WALL_TIMER);
  if (timer?.dueAt !== (wallSince ?? 0) + limits.wall - used.wall)
    yield `the timer of its wall time is due at ${String(timer?.dueAt)}`;
}

/** How many runs of steps began in an execution and in those that it waits for or waited for. */
function stepsBegun(read: StoreReader, flowOf: (executionId: string) => Flow, id: string): number {
  const nodes = everyNode(flowOf(id).list);
  const own = read.events(id, 0, 100_000).filter(({ type }) => type === 'step_started').length;
  const awaited = read.children(id).filter((child) => {
    const name = read.entry(id, read.execution(child)?.parent?.key ?? '')?.name;
    return nodes.some((node) => node.name === name && node.kind === 'child' && node.awaits);
  });
  return awaited.reduce((sum, child) => sum + stepsBegun(read, flowOf, child), own);
}
