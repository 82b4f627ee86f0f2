import type { EarlyAnswer, Execution, ExecutionEvent, JournalEntry, StoredHumanTask } from '@loopwright/engine';

/** What an execution listens to: a type of events (empty for any), and the key of the task that does. */
interface Listening {
  readonly type: string;
  readonly key: string;
}

/**
 * What is known of one execution. The whole of it is the journal that the interpreter is replayed from; a transition
 * from outside (an answer, a timer) needs only what is open.
 */
export interface ExecutionRecord {
  execution: Execution;
  readonly entries: Map<string, JournalEntry>;
  readonly tasks: Map<string, StoredHumanTask>;
  early: readonly EarlyAnswer[];
  listening: readonly Listening[];
  /** Number of the last event. */
  lastSeq: number;
}

/** What a transition changed: new values, not differences, so that to apply it twice is to apply it once. */
export interface Changes {
  /** Without `input`, and with `output` only when it has just been set: both may be large and change once. */
  readonly execution: Execution;
  readonly entries: readonly JournalEntry[];
  readonly tasks: readonly StoredHumanTask[];
  readonly early: readonly EarlyAnswer[];
  readonly listening: readonly Listening[];
  readonly events: readonly ExecutionEvent[];
  /** Executions that this one starts. */
  readonly started: readonly NewExecution[];
}

/** What a start records: the execution and what it tells at first. */
export interface NewExecution {
  readonly execution: Execution;
  readonly events: readonly ExecutionEvent[];
}

/** A record that can be changed without changing this one. */
export function copyOf(record: ExecutionRecord): ExecutionRecord {
  return { ...record, entries: new Map(record.entries), tasks: new Map(record.tasks) };
}

/** Whether something is still to come of an entry. */
export function isOpen({ state }: JournalEntry): boolean {
  return state === 'running' || state === 'waiting';
}
