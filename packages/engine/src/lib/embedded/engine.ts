import { type Clock, type Json, PlatformError, type Random } from '@loopwright/protocol';
import type { WorkflowDefinition } from '../definition/definition.ts';
import type { Execution, ExecutionEvent } from '../execution/execution.ts';
import type { CloudEvent } from '../event/listener.ts';
import { ExpressionEvaluator } from '../expression/expression.ts';
import type { SubmittedAnswer } from '../human-task/answer.ts';
import type { HttpCallOptions } from '../http-call/http-client.ts';
import { httpCall } from '../http-call/http-call.ts';
import { openapiCall } from '../http-call/openapi-call.ts';
import type { FunctionCatalogue } from '../interpreter/call-function.ts';
import { accept, clarify } from '../interpreter/human-functions.ts';
import { SchemaValidator } from '../interpreter/schema-validator.ts';
import { type Durability, SqliteStore, type SqliteStoreOptions } from '../store/sqlite-store.ts';
import type { Store, StoreReader, StoreTransaction } from '../store/store.ts';
import { type AnswerOutcome, type AnswerTarget, takeAnswer } from './answer-question.ts';
import { cancelExecution, pauseExecution, resumeExecution } from './control.ts';
import { Definitions } from './definitions.ts';
import { EventHub } from './event-hub.ts';
import { publishEvent } from './publish-event.ts';
import { Lives } from './lives.ts';
import { Operations } from './operations.ts';
import { type StartRequest, insertExecution, requestDigestOf } from './start-execution.ts';
import { Timers } from './timers.ts';

/** How an embedded engine is opened. */
export interface EngineOptions {
  /** Folder of the journal; one process at a time. */
  readonly dir: string;
  readonly durability: Durability;
  readonly clock: Clock;
  readonly random: Random;
  /** Which hosts `call: http` and `call: openapi` may reach, and how they prove who they are. */
  readonly httpCalls?: HttpCallOptions;
  /** The functions that definitions may call, besides `clarify`, `accept`, `http` and `openapi`. */
  readonly functions: FunctionCatalogue;
  /** Told about what no caller gets to see: a store that cannot be written, an execution that cannot be loaded. */
  readonly onTrouble?: (message: string, error: unknown) => void;
  /** Told about every task that begins, by name and JSON pointer; a replay tells again. For tests and debuggers: it must not throw. */
  readonly onTask?: (name: string, reference: string) => void;
  /** Opens the store in place of the one on SQLite; the simulation wraps that one with faults. */
  readonly openStore?: (options: SqliteStoreOptions) => Store;
}

/** The embedded engine: executions in one process, their journal in SQLite. `packages/engine/README.md` has its guarantees. */
export class Engine implements AsyncDisposable {
  readonly functions: FunctionCatalogue;
  readonly #store: Store;
  readonly #options: EngineOptions;
  readonly #timers: Timers;
  readonly #hub = new EventHub();
  readonly #lives: Lives;
  /** Versions, restarts, and what else people do with executions. */
  readonly operations: Operations;
  readonly #definitions: Definitions;
  readonly #expressions = new ExpressionEvaluator();
  readonly #schemas = new SchemaValidator();
  #closing = false;

  /** Opens the journal. Nothing runs before {@link recover}. Throws DATA_DIR_IN_USE or STORE_FAILED. */
  constructor(options: EngineOptions) {
    this.#options = options;
    const { httpCalls = {} } = options;
    this.functions = { clarify, accept, http: httpCall(httpCalls), openapi: openapiCall(httpCalls), ...options.functions };
    const openStore = options.openStore ?? ((storeOptions: SqliteStoreOptions): Store => new SqliteStore(storeOptions));
    this.#store = openStore({
      dir: options.dir,
      durability: options.durability,
      onEvents: (events) => this.#committed(events),
    });
    this.#definitions = new Definitions(this.#store, this.functions, options.onTrouble);
    this.#timers = new Timers(this.#store, options.clock, {
      fired: (owned) => this.#lives.deliver(owned),
      refused: (executionId, error) => this.#lives.rest(executionId, error),
    });
    this.#lives = new Lives({
      store: this.#store,
      timers: this.#timers,
      definitions: this.#definitions,
      functions: this.functions,
      expressions: this.#expressions,
      schemas: this.#schemas,
      options,
    });
    this.operations = new Operations({
      store: this.#store,
      lives: this.#lives,
      clock: options.clock,
      definitions: this.#definitions,
      checkInput: (definition, input) => this.#checkInput(definition, input),
      order: (executionIds, mutation) => this.#order(executionIds, mutation),
    });
  }

  /** What is stored; read only. */
  get read(): StoreReader {
    return this.#store.read;
  }

  /** The definitions that can be started, by name. */
  get definitions(): ReadonlyMap<string, WorkflowDefinition> {
    return this.#definitions.startable;
  }

  /** Makes a definition startable under its name, in place of the one before. Executions under way keep theirs. */
  async register(definition: WorkflowDefinition): Promise<void> {
    const { digest, name, version, source } = definition;
    await this.#store.write((transaction) =>
      transaction.putDefinition({ digest, name, version, source, createdAt: this.#options.clock.now() }),
    );
    this.#definitions.use(definition);
  }

  /** Takes up every execution that was under way when the last process ended, and arms the timers. Call it once. */
  recover(): void {
    for (const id of this.read.unfinished()) this.#lives.load(id);
    this.#timers.arm();
  }

  /**
   * Starts an execution; resolves when it is durable. The same id with the same request gives the execution that is there (`created: false`).
   * Throws WORKFLOW_NOT_FOUND, VALIDATION_ERROR when the input does not fit the schema of the workflow, or IDEMPOTENCY_CONFLICT when the
   * id belongs to another request.
   */
  async start(request: StartRequest): Promise<{ created: boolean; execution: Execution }> {
    const { executionId: id, workflow, input } = request;
    const definition = this.#definitions.require(workflow);
    if (definition.document.input?.schema !== undefined && this.read.status(id) === undefined)
      this.#checkInput(definition, input);
    const result = await this.#order([id], (transaction) => {
      const existing = transaction.execution(id);
      if (existing !== undefined) return { created: false, execution: existing };
      const at = this.#options.clock.now();
      return { created: true, execution: insertExecution(transaction, request, { definition, at }) };
    });
    if (!result.created && result.execution.requestDigest !== requestDigestOf(request)) {
      throw new PlatformError('IDEMPOTENCY_CONFLICT', `Cannot start the execution "${id}": it was started by another request`);
    }
    if (result.created) this.#lives.load(id, result.execution);
    return result;
  }

  /** Gives an answer to a question, open or not yet asked; see {@link AnswerTarget}. */
  async answer(
    target: AnswerTarget,
    answer: SubmittedAnswer,
    by: { answerId: string; answeredBy: string },
  ): Promise<AnswerOutcome> {
    const executionId = target.executionId ?? this.read.humanTask(target.taskId ?? '')?.executionId;
    const outcome = await this.#order(executionId === undefined ? [] : [executionId], (transaction) =>
      takeAnswer(transaction, target, {
        answer,
        ...by,
        at: this.#options.clock.now(),
        definition: (digest) => this.#definitions.ofDigest(digest),
      }),
    );
    if (outcome.delivered !== undefined) this.#lives.deliver(outcome.delivered);
    return outcome;
  }

  /** Shows an event from outside to every execution that listens; gives how many went on. Safe to repeat: an event is taken once. */
  async publish(event: CloudEvent): Promise<number> {
    const touched: string[] = [];
    const woken = await this.#order(touched, (transaction) => {
      const owned = publishEvent(transaction, event, { at: this.#options.clock.now(), expressions: this.#expressions });
      touched.push(...owned.map(({ executionId }) => executionId));
      return owned;
    });
    for (const owned of woken) this.#lives.deliver(owned);
    return woken.length;
  }

  /** Ends an execution for good; steps under way get their AbortSignal. Throws INVALID_STATE when it has ended already. */
  async cancel(executionId: string, by: { who: string; reason: string | null }): Promise<Execution> {
    const { execution, delivered } = await this.#order([executionId], (transaction) =>
      cancelExecution(transaction, executionId, { ...by, at: this.#options.clock.now() }),
    );
    if (delivered !== undefined) this.#lives.deliver(delivered);
    return execution;
  }

  /** Stops an execution before its next step; its timers stand still. What is under way ends and is recorded. */
  async pause(executionId: string, who: string): Promise<Execution> {
    return this.#order([executionId], (transaction) =>
      pauseExecution(transaction, executionId, { who, at: this.#options.clock.now() }),
    );
  }

  /** Lets a paused execution go on; its timers run on with what was left. Throws INVALID_STATE when it is not paused. */
  async resume(executionId: string, who: string): Promise<Execution> {
    const execution = await this.#order([executionId], (transaction) =>
      resumeExecution(transaction, executionId, { who, at: this.#options.clock.now() }),
    );
    this.#timers.arm();
    return execution;
  }

  /** Calls `listener` with every event of an execution that is committed from now on; the result ends it. */
  subscribe(executionId: string, listener: (event: ExecutionEvent) => void): () => void {
    return this.#hub.subscribe(executionId, listener);
  }

  /** Stops: nothing new begins, steps under way have `drainMs` to end and be recorded; what is left goes on after the next start. */
  async close(drainMs: number): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#timers.stop();
    await this.#lives.close(drainMs);
    await this.#store[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close(0);
  }

  /** What is recorded takes effect in memory, whoever asked for it: an execution may have been stopped with the one that runs it. */
  #committed(events: readonly ExecutionEvent[]): void {
    for (const { type, executionId } of events) {
      if (type === 'cancelled') this.#lives.stop(executionId);
      if (type === 'paused') this.#lives.pause(executionId);
      if (type === 'resumed') this.#lives.resume(executionId);
    }
    this.#hub.publish(events);
  }

  /**
   * Writes what somebody asks for. A store that refuses may have committed all the same, and then memory does not know
   * what is recorded: the executions go on from their journals.
   */
  #order<T>(executionIds: readonly string[], mutation: (transaction: StoreTransaction) => T): Promise<T> {
    return this.#store.write(mutation).catch((error: unknown) => {
      const isRefused = error instanceof PlatformError && error.code === 'STORE_FAILED';
      if (isRefused && !this.#closing) for (const id of withChildren(this.read, executionIds)) this.#lives.rest(id, error);
      throw error;
    });
  }

  #checkInput({ name, document }: WorkflowDefinition, input: Json): void {
    const issues = this.#schemas
      .issues(document.input?.schema, input)
      .map(({ pointer, message }) => ({ pointer: `/input${pointer}`, message }));
    if (issues.length === 0) return;
    const summary = issues.map(({ pointer, message }) => `${pointer} ${message}`).join('; ');
    throw new PlatformError('VALIDATION_ERROR', `Cannot start "${name}": ${summary}`, { details: { issues } });
  }
}

/** Executions and all that they run. */
function withChildren(read: StoreReader, executionIds: readonly string[]): Set<string> {
  const all = new Set(executionIds);
  for (const id of all) for (const child of read.children(id)) all.add(child);
  return all;
}
