import { isFinal } from '../execution/execution.ts';
import type { ExpressionEvaluator } from '../expression/expression.ts';
import type { FunctionCatalogue } from '../interpreter/call-function.ts';
import { Interpreter } from '../interpreter/interpreter.ts';
import type { SchemaValidator } from '../interpreter/schema-validator.ts';
import { WorkflowError } from '../interpreter/workflow-error.ts';
import { type EngineLimits, ExecutionLimits } from '../limits/execution-limits.ts';
import type { OwnedEntry, Store } from '../store/store.ts';
import type { Definitions } from './definitions.ts';
import { type Ending, endExecution } from './end-execution.ts';
import type { EngineOptions } from './engine.ts';
import { Instance } from './instance.ts';
import { Life, type LifeHost } from './life.ts';
import type { Timers } from './timers.ts';

/** How long an execution rests after the store refused a write, in milliseconds. */
const STORE_RETRY_MS = 5000;

/** What executions in memory are made with. */
export interface LivesParts {
  readonly store: Store;
  readonly timers: Timers;
  readonly definitions: Definitions;
  readonly functions: FunctionCatalogue;
  readonly expressions: ExpressionEvaluator;
  readonly schemas: SchemaValidator;
  readonly options: Pick<EngineOptions, 'clock' | 'random' | 'onTask' | 'onTrouble'> & { readonly limits?: EngineLimits };
}

/** The executions that are in memory: taken up from the journal when there is something to do, dropped when they wait. */
export class Lives {
  readonly limits: ExecutionLimits;
  readonly #parts: LivesParts;
  readonly #lives = new Map<string, Life>();
  readonly #host: LifeHost;
  #closing = false;

  constructor(parts: LivesParts) {
    this.#parts = parts;
    const { store, expressions, timers, definitions, options } = parts;
    this.limits = new ExecutionLimits(options.limits ?? {}, {
      store,
      clock: options.clock,
      expressions,
      load: (executionId) => this.load(executionId),
      onTrouble: (message, error) => options.onTrouble?.(message, error),
    });
    this.#host = {
      store,
      clock: options.clock,
      random: options.random,
      expressions,
      turnstile: this.limits.turnstile,
      findDefinition: (reference) => definitions.find(reference),
      deliver: (owned) => this.deliver(owned),
      started: (executionId) => void this.load(executionId),
      timerRecorded: (dueAt) => timers.arm(dueAt),
      idle: (executionId) => {
        if (this.#lives.get(executionId)?.parked === true && !this.#closing) this.#drop(executionId);
      },
      storeFailed: (executionId, error) => this.rest(executionId, error),
    };
  }

  /** Takes an execution up from its journal, unless it has ended, is paused or must wait for a slot. Gives whether it is in memory. */
  load(executionId: string): boolean {
    if (this.#closing) return false;
    const { store, definitions, functions, expressions, schemas, options } = this.#parts;
    const execution = store.read.execution(executionId);
    if (execution === undefined || isFinal(execution.status) || execution.status === 'paused') return false;
    if (this.#lives.has(executionId)) return true;
    const definition = definitions.ofDigest(execution.definitionDigest);
    if (definition === undefined || !this.limits.enter(execution)) return false;
    const life = new Life(executionId, this.#host, store.read.journal(executionId));
    this.#lives.set(executionId, life);
    const { workflow: workflowName, projectId, startedBy, createdAt: startedAt, input } = execution;
    const interpreter = new Interpreter({
      definition,
      info: { executionId, workflowName, projectId, startedBy, startedAt },
      input,
      durable: new Instance(life),
      functions,
      expressions,
      schemas,
      onTask: options.onTask,
    });
    interpreter.run().then(
      (output) => this.#finish(life, { status: 'completed', output }),
      (error: unknown) => this.#finish(life, { status: 'failed', error: WorkflowError.from(error).toJson() }),
    );
    return true;
  }

  /** Hands over what was recorded for an execution from outside; one that is not in memory is taken up and finds it. */
  deliver({ executionId, entry }: OwnedEntry): void {
    const life = this.#lives.get(executionId);
    if (life === undefined) this.load(executionId);
    else life.receive(entry);
  }

  pause(executionId: string): void {
    this.#lives.get(executionId)?.pause();
  }

  resume(executionId: string): void {
    const life = this.#lives.get(executionId);
    if (life === undefined) this.load(executionId);
    else life.resume();
  }

  /** Ends what an execution does in memory. */
  stop(executionId: string): void {
    this.#lives.get(executionId)?.stop();
    this.#drop(executionId);
  }

  /** An execution has been cancelled: it does nothing any more and needs no place in a queue. */
  cancelled(executionId: string): void {
    this.stop(executionId);
    this.limits.admissions.forget(executionId);
  }

  /** Drops an execution from memory and takes it up again from its journal later: the store refused a write. */
  rest(executionId: string, error: unknown): void {
    const { timers, options } = this.#parts;
    options.onTrouble?.(`Cannot record the execution ${executionId}`, error);
    this.stop(executionId);
    options.clock.schedule(STORE_RETRY_MS, () => {
      if (this.#closing) return;
      this.load(executionId);
      // A timer may be recorded whose commit was reported as failed: nobody has taken note of it.
      timers.arm();
    });
  }

  /** Lets nothing new begin, gives steps under way `drainMs` to end and be recorded, and drops everything. */
  async close(drainMs: number): Promise<void> {
    this.#closing = true;
    this.limits.stop();
    const { clock } = this.#parts.options;
    const until = clock.now() + drainMs;
    for (const life of this.#lives.values()) life.pause();
    while (clock.now() < until && [...this.#lives.values()].some(({ busy }) => busy)) {
      await new Promise<void>((resolve) => void setTimeout(resolve, 5));
    }
    for (const life of this.#lives.values()) life.stop();
    this.#lives.clear();
  }

  #drop(executionId: string): void {
    this.#lives.delete(executionId);
    this.limits.admissions.leave(executionId);
  }

  #ended(executionId: string, delivered: OwnedEntry | undefined): void {
    this.#drop(executionId);
    if (delivered !== undefined) this.deliver(delivered);
  }

  #finish(life: Life, ending: Ending): void {
    const { executionId } = life;
    const { store, options } = this.#parts;
    if (this.#lives.get(executionId) !== life) return;
    store
      .write((transaction) => {
        const status = transaction.status(executionId);
        if (status === undefined || isFinal(status)) return undefined;
        return endExecution(transaction, executionId, ending, options.clock.now());
      })
      .then(
        (delivered) => this.#ended(executionId, delivered),
        (error: unknown) => this.rest(executionId, error),
      );
  }
}
