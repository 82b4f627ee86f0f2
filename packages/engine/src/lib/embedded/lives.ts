import { type Json, toJson } from '@loopwright/protocol';
import type { WorkflowDefinition } from '../definition/definition.ts';
import { loadDefinition } from '../definition/load-definition.ts';
import { type Execution, isFinal } from '../execution/execution.ts';
import type { ExpressionEvaluator } from '../expression/expression.ts';
import type { FunctionCatalogue } from '../interpreter/call-function.ts';
import { Interpreter } from '../interpreter/interpreter.ts';
import type { SchemaValidator } from '../interpreter/schema-validator.ts';
import { WorkflowError } from '../interpreter/workflow-error.ts';
import type { OwnedEntry, Store } from '../store/store.ts';
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
  readonly functions: FunctionCatalogue;
  readonly expressions: ExpressionEvaluator;
  readonly schemas: SchemaValidator;
  readonly options: Pick<EngineOptions, 'clock' | 'random' | 'onTask' | 'onTrouble'>;
}

type Result = { readonly status: 'completed'; readonly output: Json } | { readonly status: 'failed'; readonly error: Json };

/** The executions that are in memory: taken up from the journal when there is something to do, dropped when they wait. */
export class Lives {
  readonly #parts: LivesParts;
  readonly #lives = new Map<string, Life>();
  readonly #pinned = new Map<string, WorkflowDefinition>();
  readonly #host: LifeHost;
  #closing = false;

  constructor(parts: LivesParts) {
    this.#parts = parts;
    const { store, expressions, timers, options } = parts;
    this.#host = {
      store,
      clock: options.clock,
      random: options.random,
      expressions,
      deliver: (owned) => this.deliver(owned),
      timerRecorded: (dueAt) => timers.arm(dueAt),
      idle: (executionId) => {
        const life = this.#lives.get(executionId);
        if (life?.parked !== true || this.#closing) return;
        this.#lives.delete(executionId);
        life.settle();
      },
      storeFailed: (executionId, error) => this.rest(executionId, error),
    };
  }

  /** Takes an execution up from its journal, unless it is in memory, has ended or is paused. Who has just written its row passes that. */
  load(executionId: string, written?: Execution): void {
    const { store, functions, expressions, schemas, options } = this.#parts;
    const status = store.read.status(executionId);
    if (status === undefined || isFinal(status) || status === 'paused' || this.#closing) return;
    if (this.#lives.has(executionId)) return;
    const execution = written ?? store.read.execution(executionId);
    if (execution === undefined) return;
    const definition = this.definition(execution.definitionDigest);
    if (definition === undefined) return;
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
    this.#lives.delete(executionId);
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

  /** Makes a definition known by its digest. */
  pin(definition: WorkflowDefinition): void {
    this.#pinned.set(definition.digest, definition);
  }

  /** The definition that executions with this digest run, read from the store when this process has not seen it. */
  definition(digest: string): WorkflowDefinition | undefined {
    const known = this.#pinned.get(digest);
    if (known !== undefined) return known;
    const { store, functions, options } = this.#parts;
    try {
      const definition = loadDefinition(JSON.stringify(store.read.definition(digest)?.source), functions);
      this.#pinned.set(digest, definition);
      return definition;
    } catch (error) {
      options.onTrouble?.(`Cannot load the definition ${digest} of an execution`, error);
      return undefined;
    }
  }

  /** Lets nothing new begin, gives steps under way `drainMs` to end and be recorded, and drops everything. */
  async close(drainMs: number): Promise<void> {
    this.#closing = true;
    const { clock } = this.#parts.options;
    const until = clock.now() + drainMs;
    for (const life of this.#lives.values()) life.pause();
    while (clock.now() < until && [...this.#lives.values()].some(({ busy }) => busy)) {
      await new Promise<void>((resolve) => void setTimeout(resolve, 5));
    }
    for (const life of this.#lives.values()) life.stop();
    this.#lives.clear();
  }

  #finish(life: Life, result: Result): void {
    const { executionId } = life;
    const { store, options } = this.#parts;
    if (this.#lives.get(executionId) !== life) return;
    store
      .write((transaction) => {
        const status = transaction.status(executionId);
        if (status === undefined || isFinal(status)) return;
        const at = options.clock.now();
        transaction.updateExecution(executionId, { ...result, statusSince: at, completedAt: at, currentStep: null }, at);
        const data = result.status === 'failed' ? { error: result.error } : {};
        transaction.appendEvent({ executionId, type: result.status, step: null, at, data: toJson(data) as Record<string, Json> });
      })
      .then(
        () => this.#lives.delete(executionId),
        (error: unknown) => this.rest(executionId, error),
      );
  }
}
