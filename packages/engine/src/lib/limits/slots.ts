import type { WorkflowLimits } from './workflow-limits.ts';

/** What an execution takes when it may run. */
interface Slot {
  readonly workflow: string;
  /** Empty without a key. */
  readonly key: string;
  /** Whether the execution runs already; before that the slot is kept for it. */
  isUsed: boolean;
}

/** The slots that are out, and for how many more there is room. */
export class Slots {
  /** The most slots of all workflows together. */
  readonly limit: number;
  readonly #slots = new Map<string, Slot>();
  readonly #perWorkflow = new Map<string, number>();
  readonly #perKey = new Map<string, Map<string, number>>();

  constructor(limit: number) {
    this.limit = limit;
  }

  get(executionId: string): Slot | undefined {
    return this.#slots.get(executionId);
  }

  take(executionId: string, slot: Slot): void {
    this.#slots.set(executionId, slot);
    this.#count(slot, 1);
  }

  free(executionId: string): void {
    const slot = this.#slots.get(executionId);
    if (slot === undefined) return;
    this.#slots.delete(executionId);
    this.#count(slot, -1);
  }

  /** How many more executions of a workflow may run, its keys aside. */
  room(workflow: string, { limit = Infinity }: WorkflowLimits['concurrency'] = NO_LIMITS): number {
    return Math.min(this.limit - this.#slots.size, limit - (this.#perWorkflow.get(workflow) ?? 0));
  }

  /** Whether an execution of a workflow with this key may run. */
  hasRoom({ workflow, key }: Pick<Slot, 'workflow' | 'key'>, limits: WorkflowLimits['concurrency'] = NO_LIMITS): boolean {
    if (this.room(workflow, limits) <= 0) return false;
    return limits.key === undefined || key === '' || (this.#perKey.get(workflow)?.get(key) ?? 0) < limits.limit_per_key;
  }

  /** The keys of a workflow that have as many slots as they may. */
  fullKeys(workflow: string, { key, limit_per_key: perKey }: WorkflowLimits['concurrency'] = NO_LIMITS): string[] {
    if (key === undefined) return [];
    return [...(this.#perKey.get(workflow) ?? [])].flatMap(([name, count]) => (count >= perKey ? [name] : []));
  }

  #count({ workflow, key }: Slot, by: 1 | -1): void {
    add(this.#perWorkflow, workflow, by);
    if (key === '') return;
    const keys = this.#perKey.get(workflow) ?? new Map<string, number>();
    add(keys, key, by);
    if (keys.size === 0) this.#perKey.delete(workflow);
    else this.#perKey.set(workflow, keys);
  }
}

const NO_LIMITS: NonNullable<WorkflowLimits['concurrency']> = { limit_per_key: 1, parked: 'release', weight: 1 };

function add(counts: Map<string, number>, name: string, by: 1 | -1): void {
  const count = (counts.get(name) ?? 0) + by;
  if (count === 0) counts.delete(name);
  else counts.set(name, count);
}
