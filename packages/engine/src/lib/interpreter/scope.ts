import { TASK_LIMIT } from '../limits.ts';
import { WorkflowError } from './workflow-error.ts';

/** Counts the tasks of an execution. */
export class TaskBudget {
  #used = 0;

  spend(): void {
    this.#used += 1;
    if (this.#used <= TASK_LIMIT) return;
    throw new WorkflowError({
      type: 'runtime',
      status: 422,
      title: 'LIMIT_EXCEEDED',
      detail: `Cannot run another task: the execution ran ${TASK_LIMIT}, which is the limit`,
    });
  }
}

/**
 * Names what happens inside one list of tasks. Keys are made of names and of how often a name was visited, never of
 * positions or of time, so that a replay meets the same keys. `/`, `#` and `@` (what the interpreter adds itself, as in
 * `guarded@try-2/call`) do not stand in names: they are escaped there.
 */
export class Scope {
  readonly #prefix: string;
  readonly #visits = new Map<string, number>();

  constructor(prefix = '') {
    this.#prefix = prefix;
  }

  /** The key of the next visit to `name`: `name`, then `name#2`, `name#3` … */
  visit(name: string): string {
    const count = (this.#visits.get(name) ?? 0) + 1;
    this.#visits.set(name, count);
    const safe = name.replaceAll(/[~/@#]/g, (sign) => `~${'~/@#'.indexOf(sign)}`);
    return `${this.#prefix}${this.#prefix === '' ? '' : '/'}${safe}${count === 1 ? '' : `#${count}`}`;
  }
}
