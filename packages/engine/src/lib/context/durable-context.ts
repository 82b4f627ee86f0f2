import type { Json } from '@loopwright/protocol';
import type { Listener } from '../event/listener.ts';
import type { HumanTaskRequest } from '../human-task/human-task-request.ts';
import type { Spending } from '../limits/spending.ts';

/** Where in an execution something durable happens. */
export interface StepAddress {
  /** Unique in the execution and equal in every replay: names of tasks joined by "/", `#n` for the nth visit. */
  readonly key: string;
  /** The name of the task, for people. */
  readonly name: string;
  /** The function that is called; rate limits go by it. */
  readonly call?: string;
}

/** What a step is told about this try. */
export interface StepAttempt {
  /** Equal whenever this step is executed again, after a crash and in a retry: hand it to whatever must not act twice. */
  readonly idempotencyKey: string;
  /** Aborted when the execution is cancelled or the step runs out of time. */
  readonly signal: AbortSignal;
  /**
   * Reports what this try has used so far, more than once if need be; it is recorded with the result, whichever way the try ends. What is
   * reported after the end does not count. Throws TypeError for an amount that is none.
   */
  readonly spend: (spending: Spending) => void;
}

/** One of the parts that run at the same time. */
export interface BranchRun {
  readonly key: string;
  readonly run: () => Promise<Json>;
}
/** What they gave; with `compete` only the output of the winner counts. */
export interface BranchOutcome {
  readonly outputs: Json[];
  readonly winner: number | undefined;
}

/** Another workflow that an execution runs. */
export interface ChildRequest {
  readonly namespace: string;
  readonly name: string;
  /** A version, or `latest`. */
  readonly version: string;
  readonly input: Json;
  /** Whether to wait for its end; without it the operation gives `null` as soon as it is started. */
  readonly await: boolean;
}

/**
 * The durable operations that an interpreter is written against, and all that an engine must offer it. Each is
 * recorded under the key of its address: when an execution is replayed after a crash or a wait, an operation that was
 * recorded gives its recorded result and does nothing.
 *
 * A promise of this interface may never settle: the execution was parked, paused, cancelled or the process is going
 * down. So nothing may be held across an `await` that needs to be released.
 */
export interface DurableContext {
  readonly executionId: string;
  /** Runs something with effects and records its result before it is returned. Throws `WorkflowError`, recorded as well. */
  step(address: StepAddress, run: (attempt: StepAttempt) => Promise<Json>): Promise<Json>;
  /** Waits; `delayMs` is asked once, with the time at which the timer is recorded. `retry` says that the wait is no step of the definition. */
  sleep(address: StepAddress, delayMs: (from: number) => number, purpose?: 'wait' | 'retry'): Promise<void>;
  /** Puts a question to people and waits for the answer. The value has the fields of `HumanAnswer`. */
  ask(address: StepAddress, request: HumanTaskRequest): Promise<Json>;
  /** The time, recorded: the same in every replay. Milliseconds since 1970-01-01 UTC. */
  now(address: StepAddress): Promise<number>;
  /** Runs a part that must end within the time that `limitMs` gives for the moment at which that is recorded; past it, stops the part and throws the standard's `timeout` error. */
  deadline<T>(address: StepAddress, limitMs: (from: number) => number, run: () => Promise<T>): Promise<T>;
  /**
   * Runs parts at the same time. All of them must end well, or with `compete` one: the first that does wins, and the others are given up.
   * What decided is recorded, so that a replay decides the same. Keys of a part begin with its `key`.
   */
  branches(address: StepAddress, parts: readonly BranchRun[], compete: boolean): Promise<BranchOutcome>;
  /** Waits until the events that a listener is for have come; gives them as an array. */
  listen(address: StepAddress, listener: Listener): Promise<Json>;
  /**
   * Waits for the event with this index (from 0) of a listener that gives each by itself, which begins to listen with the first call;
   * `undefined` when the listener has ended before it.
   */
  consume(address: StepAddress, listener: Listener, index: number): Promise<{ readonly event: Json } | undefined>;
  /** Ends such a listener: events that were not waited for are given up. Without effect when it has ended. */
  endConsumption(address: StepAddress): Promise<void>;
  /** Records a CloudEvent, `id` and `time` filled in, shows it to all who listen, and gives it. */
  emit(address: StepAddress, event: Json): Promise<Json>;
  /** Runs another workflow as an execution of its own, started once; gives its output or throws its error. */
  runWorkflow(address: StepAddress, child: ChildRequest): Promise<Json>;
  /**
   * Gets something that must not be recorded, in each replay anew. When that fails the promise does not settle: the execution rests and is
   * taken up again later.
   */
  fresh<T>(address: StepAddress, get: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** A number in [0, 1) for jitter; not recorded, so use it only inside `delayMs`. */
  random(): number;
}
