import { type BudgetLimits, type Clock, DEFAULT_PRIORITY, PlatformError } from '@loopwright/protocol';
import type { WorkflowDefinition } from '../definition/definition.ts';
import type { Execution } from '../execution/execution.ts';
import type { ExpressionEvaluator } from '../expression/expression.ts';
import { WorkflowError } from '../interpreter/workflow-error.ts';
import type { Budget } from '../store/limits-store.ts';
import type { Store, StoreTransaction } from '../store/store.ts';
import { Admissions, type Place, queue } from './admissions.ts';
import { newBudget } from './budget.ts';
import { setWallTimer } from './wall-time.ts';
import type { RateLimits } from './rate-limit.ts';
import { Turnstile } from './turnstile.ts';
import { type WorkflowLimits, concurrencyKey, workflowLimits } from './workflow-limits.ts';

/** What an engine allows; what is left out is without limit. */
export interface EngineLimits {
  /** What an execution may use when neither its start nor its definition says so. */
  readonly budgets?: BudgetLimits;
  /** How many executions are in memory at once; the others wait as `pending`. Parked ones do not count, unless their definition says `hold`. */
  readonly executions?: number;
  /** How many steps are under way at once. */
  readonly steps?: number;
  /** How often functions and hosts (`http:HOST`) may be called. */
  readonly rates?: RateLimits;
}

/** What a start may say about limits. */
export interface StartLimits {
  readonly budgets?: BudgetLimits;
  /** 0 to 9; 9 is the most important. */
  readonly priority?: number;
}

/** What limits one new execution. */
export interface StartPlan {
  /** Whether it may run at once. */
  readonly status: 'running' | 'pending';
  /** Records the limits of the execution that the same transaction has inserted. */
  readonly record: (transaction: StoreTransaction, at: number) => void;
  /** The start was not taken. */
  readonly drop: () => void;
}

interface Parts {
  readonly store: Store;
  readonly clock: Clock;
  readonly expressions: ExpressionEvaluator;
  readonly load: (executionId: string, written?: Execution) => boolean;
  readonly onTrouble: (message: string, error: unknown) => void;
}

/** All that limits the executions of one engine: budgets, slots and turns. */
export class ExecutionLimits {
  readonly admissions: Admissions;
  readonly turnstile: Turnstile | undefined;
  readonly #parts: Parts;
  readonly #limits: EngineLimits;

  constructor(limits: EngineLimits, parts: Parts) {
    this.#parts = parts;
    this.#limits = limits;
    const { store, clock, load, onTrouble: refused } = parts;
    const { steps, rates } = limits;
    const schedule = (delayMs: number, run: () => void): void => void clock.schedule(delayMs, run);
    this.admissions = new Admissions({ store, now: () => clock.now(), schedule, load, refused }, limits.executions);
    this.turnstile = steps === undefined && rates === undefined ? undefined : new Turnstile(clock, { steps, rates });
  }

  /** Takes the limits of a definition for all executions of its workflow. */
  register(definition: WorkflowDefinition): void {
    this.admissions.setRule(definition.name, workflowLimits(definition));
  }

  /** Decides what limits a new execution, and takes a slot for it if one is free. Throws VALIDATION_ERROR when its key cannot be made. */
  start(
    request: StartLimits & { readonly executionId: string; readonly input: Execution['input'] },
    definition: WorkflowDefinition,
  ): StartPlan {
    const { executionId } = request;
    const workflow = definition.name;
    const rules = this.admissions.rule(workflow);
    const priority = request.priority ?? rules.priority ?? DEFAULT_PRIORITY;
    const place: Place = { executionId, workflow, key: this.#keyOf(rules, request.input), priority };
    const needsSlot = this.admissions.needsSlot(workflow);
    const hasSlot = needsSlot && this.admissions.reserve(place);
    const status = needsSlot && !hasSlot ? 'pending' : 'running';
    const budgetAt = (at: number): Budget | undefined =>
      newBudget([request.budgets, rules.budgets, this.#limits.budgets], status === 'running' ? at : null);
    return {
      status,
      record: (transaction, at) => {
        const budget = budgetAt(at);
        if (budget !== undefined) transaction.limits.putBudget(executionId, budget);
        setWallTimer(transaction, executionId, at);
        if (status === 'pending') queue(transaction, place, { createdAt: at, at });
        else if (needsSlot || priority !== DEFAULT_PRIORITY) {
          const state = hasSlot && rules.concurrency?.parked === 'hold' ? 'admitted' : 'free';
          transaction.limits.putAdmission({ ...place, state, rank: at });
        }
      },
      drop: () => {
        if (hasSlot) this.admissions.leave(executionId);
      },
    };
  }

  /** A start is committed: it runs, or waits for its turn. */
  started(execution: Execution): void {
    this.admissions.use(execution.id);
    this.#parts.load(execution.id, execution);
  }

  /** Whether an execution may be taken up; if not, it stands in a queue. */
  enter({ id: executionId, workflow, input, parent }: Execution): boolean {
    if (!this.admissions.needsSlot(workflow)) return true;
    const { limits } = this.#parts.store.read;
    const stored = limits.admission(executionId);
    if (stored !== undefined) return this.admissions.enter(stored);
    // What another execution runs is as important as that one.
    const above = parent === null ? undefined : limits.admission(parent.executionId)?.priority;
    const priority = above ?? this.admissions.rule(workflow).priority ?? DEFAULT_PRIORITY;
    return this.admissions.enter({ executionId, workflow, key: this.#keyOr(workflow, input), priority });
  }

  /** Nothing begins any more. */
  stop(): void {
    this.admissions.stop();
    this.turnstile?.stop();
  }

  #keyOf(rules: WorkflowLimits, input: Execution['input']): string {
    try {
      return concurrencyKey(rules, input, this.#parts.expressions);
    } catch (error) {
      const { detail } = WorkflowError.from(error).document;
      throw new PlatformError('VALIDATION_ERROR', `Cannot start the execution: its concurrency key cannot be made: ${detail}`);
    }
  }

  /** The key of an execution that another one runs, or that was started when its workflow had none; empty when it cannot be made. */
  #keyOr(workflow: string, input: Execution['input']): string {
    try {
      return concurrencyKey(this.admissions.rule(workflow), input, this.#parts.expressions);
    } catch {
      return '';
    }
  }
}
