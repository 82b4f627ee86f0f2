import type { WorkflowDefinition } from './definition/definition.ts';
import type { AnswerOutcome, AnswerTarget } from './embedded/answer-question.ts';
import type { CommitListener } from './embedded/event-hub.ts';
import type { StartRequest } from './embedded/start-execution.ts';
import type { CloudEvent } from './event/listener.ts';
import type { Execution, ExecutionEvent, ProjectScope } from './execution/execution.ts';
import type { SubmittedAnswer } from './human-task/answer.ts';
import type { FunctionCatalogue } from './interpreter/call-function.ts';
import type { StoreReader } from './store/store.ts';

/** In what engines differ, where a caller may have to know. */
export interface EngineCaps {
  /** Whether several processes may carry the same executions at once. */
  readonly multiNode: boolean;
  /** The largest result of a step, in characters of its JSON text; a larger one is a recorded LIMIT_EXCEEDED. */
  readonly resultLimitCharacters: number;
}

/**
 * What runs definitions durably: the port that every engine of the platform holds, and `@loopwright/engine/conformance` tests.
 *
 * P1 What was acknowledged (a promise of this interface that resolved) survives the death of any process.
 * P2 A step whose result is recorded is never executed again; one that was under way is, with the same idempotency key.
 * P3 An answer goes to the question it was given for, once; whoever comes second hears who was first, and when.
 * P4 An execution keeps the definition that it started with.
 * P5 Events of an execution are numbered from 1 without gaps, and tell only what is durable.
 *
 * `read` and `subscribe` show what this process knows: after a method has resolved, what it did is there. An engine of several nodes may show
 * what others did a little later.
 */
export interface WorkflowEngine extends AsyncDisposable {
  readonly caps: EngineCaps;
  /** What definitions may call: the standard's functions and those that the engine was opened with. */
  readonly functions: FunctionCatalogue;
  /** The definitions that can be started, by name. */
  readonly definitions: ReadonlyMap<string, WorkflowDefinition>;
  /** Executions, events, questions; `explain(engine.read, …)` says why one does not move. */
  readonly read: StoreReader;

  /** Makes a definition startable under its name, in place of the one before. Throws INVALID_DEFINITION for what this engine cannot run. */
  register(definition: WorkflowDefinition): Promise<void>;
  /** Opens for work, after the definitions were registered: what was under way goes on. Call it once, before anything is started. */
  recover(): void | Promise<void>;
  /** Starts an execution; the same id again is the same execution. Throws WORKFLOW_NOT_FOUND, VALIDATION_ERROR, IDEMPOTENCY_CONFLICT. */
  start(request: StartRequest): Promise<{ created: boolean; execution: Execution }>;
  /** Gives an answer to a question, open or not yet asked. Throws INVALID_ANSWER, INVALID_STATE, CONFLICT, IDEMPOTENCY_CONFLICT and *_NOT_FOUND. */
  answer(
    target: AnswerTarget,
    answer: SubmittedAnswer,
    by: { answerId: string; answeredBy: string },
  ): Promise<Omit<AnswerOutcome, 'delivered'>>;
  /**
   * Shows an event from outside to every execution that listens, of these projects when some are named; gives how many went on. Safe to repeat.
   */
  publish(event: CloudEvent, projects?: ProjectScope): Promise<number>;
  /** Ends an execution for good, and those it waits for; steps under way get their AbortSignal. Throws INVALID_STATE, EXECUTION_NOT_FOUND. */
  cancel(executionId: string, by: { who: string; reason: string | null }): Promise<Execution>;
  /** Stops an execution before its next step; its timers stand still. Those it waits for follow. Throws INVALID_STATE, EXECUTION_NOT_FOUND. */
  pause(executionId: string, who: string): Promise<Execution>;
  /** Lets a paused execution go on. Throws INVALID_STATE, EXECUTION_NOT_FOUND. */
  resume(executionId: string, who: string): Promise<Execution>;
  /** Calls `listener` with every event of an execution from now on; the result ends it. From a cursor: `read.events`. */
  subscribe(executionId: string, listener: (event: ExecutionEvent) => void): () => void;
  /** Calls `listener` with the events of each commit from now on, of any execution, and the position of the first; from a cursor: `read.eventsAfter`. */
  subscribeAll(listener: CommitListener): () => void;
  /** Stops: nothing new begins, steps under way have `drainMs` to end and be recorded; what is left goes on after the next {@link recover}. */
  close(drainMs: number): Promise<void>;
}
