/** The kinds of budgets: billionths of a US dollar, tokens, runs of steps, milliseconds. */
export const BUDGET_KINDS = ['cost', 'tokens', 'attempts', 'wall'] as const;
export type BudgetKind = (typeof BUDGET_KINDS)[number];

/** What an execution may use and has used. */
export interface Budget {
  /** `null` is without limit. */
  readonly limits: Readonly<Record<BudgetKind, number | null>>;
  /** What was used; the wall time without the span that runs since `wallSince`. */
  readonly used: Readonly<Record<BudgetKind, number>>;
  /** Since when the wall time runs; `null` while it stands still. */
  readonly wallSince: number | null;
  /** What the execution is paused for. */
  readonly reached: BudgetKind | null;
}

/** The place of an execution in the queue of its workflow. */
export interface Admission {
  readonly executionId: string;
  readonly workflow: string;
  /** Executions with the same key share the limit for one key; empty without a key. */
  readonly key: string;
  readonly priority: number;
  /** `waiting` is in the queue, `admitted` has a slot, `free` needs none. */
  readonly state: 'waiting' | 'admitted' | 'free';
  /** The order in the queue of the workflow, the smallest first. */
  readonly rank: number;
}

/** What can be read of budgets and queues. */
export interface LimitsReader {
  /** Whether any execution ever had a budget: cheap. */
  hasBudgets(): boolean;
  /** The execution and those that wait for it, the nearest first: what it uses counts for all of them. */
  payers(executionId: string): string[];
  budget(executionId: string): Budget | undefined;
  /** The digest of an addition to a budget that was made under this id. */
  addition(executionId: string, additionId: string): string | undefined;
  admission(executionId: string): Admission | undefined;
  /** The first in the queue of a workflow, at most `limit`, without those of the keys that are full; some if there are any. */
  waiting(workflow: string, fullKeys: readonly string[], limit: number): Admission[];
  /** The workflows that have a queue. */
  waitingWorkflows(): string[];
  /** The place in the queue of its workflow, from 1, and how long the queue is. */
  position(admission: Admission): { place: number; length: number };
  /** Executions that were given a slot and have not ended. */
  admitted(): Admission[];
}

/** What can be written of them, inside a transaction. */
export interface LimitsWriter extends LimitsReader {
  putBudget(executionId: string, budget: Budget): void;
  putAddition(executionId: string, additionId: string, digest: string): void;
  putAdmission(admission: Admission): void;
}
