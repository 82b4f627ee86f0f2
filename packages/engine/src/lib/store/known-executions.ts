import type { Execution } from '../execution/execution.ts';
import type { ExecutionGroup } from './execution-groups.ts';

/** What the transactions know of an execution without reading it. */
export interface KnownExecution {
  readonly no: number;
  /** Its workflow, project and status. */
  group: ExecutionGroup;
  readonly parent: Execution['parent'];
  /** Whether the tables say that a restart need not look at it. */
  rests: boolean;
  /** The number of its last event; `undefined` when it was not read yet. */
  lastSeq: number | undefined;
  /** Whether `journal` may have rows of it. */
  hasEntries: boolean;
}

/** How many executions are remembered: those of the running ones that were written last. */
const LIMIT = 20_000;

/**
 * Remembers executions that were written lately, and ids that no execution has; the one connection of a store is the only writer, so this
 * stays true.
 */
export class KnownExecutions {
  #newer = new Map<string, KnownExecution | null>();
  #older = new Map<string, KnownExecution | null>();

  /** `null` when there is no execution of that id, `undefined` when nothing is known. */
  get(id: string): KnownExecution | null | undefined {
    const known = this.#newer.get(id);
    if (known !== undefined) return known;
    const old = this.#older.get(id);
    if (old !== undefined) this.set(id, old);
    return old;
  }

  set(id: string, known: KnownExecution | null): void {
    if (this.#newer.size >= LIMIT / 2) {
      this.#older = this.#newer;
      this.#newer = new Map();
    }
    this.#newer.set(id, known);
  }

  /** Forgets one: an execution that has ended is hardly asked for again. */
  drop(id: string): void {
    this.#newer.delete(id);
    this.#older.delete(id);
  }

  forget(): void {
    this.#newer.clear();
    this.#older.clear();
  }
}
