import { type BudgetAddition, type BudgetState, PlatformError } from '@loopwright/protocol';
import { checkedText, overLimit } from '../check-value.ts';
import type { WorkflowDefinition } from '../definition/definition.ts';
import type { Execution, ExecutionEvent, ProjectScope } from '../execution/execution.ts';
import type { EngineCaps, WorkflowEngine } from '../engine-port.ts';
import type { CloudEvent } from '../event/listener.ts';
import type { SubmittedAnswer } from '../human-task/answer.ts';
import type { FunctionCatalogue } from '../interpreter/call-function.ts';
import { ANSWER_LIMIT_CHARACTERS, DEFINITION_COUNT_LIMIT, VALUE_LIMIT_CHARACTERS } from '../limits.ts';
import type { StoredSchedule } from '../schedule/stored-schedule.ts';
import type { Notice } from '../store/notices.ts';
import { storeFailure } from '../store/store-failure.ts';
import type { StoreReader, StoreTransaction } from '../store/store.ts';
import { type AnswerOutcome, type AnswerTarget, takeAnswer } from './answer-question.ts';
import { checkInput } from './check-input.ts';
import { cancelExecution, pauseExecution, resumeExecution } from './control.ts';
import type { EngineOptions } from './engine-options.ts';
import { type EngineParts, assembleEngine } from './engine-parts.ts';
import { type CommitListener, EventHub } from './event-hub.ts';
import { publishEvent } from './publish-event.ts';
import { addToBudget } from '../limits/budget-use.ts';
import { budgetState } from '../limits/budget.ts';
import { isBudgetQuestion } from '../limits/budget-question.ts';
import type { WaitingTurn } from '../limits/turnstile.ts';
import type { Operations } from './operations.ts';
import { type StartRequest, insertExecution, requestDigestOf } from './start-execution.ts';
import { DEFAULT_PROJECT } from './start-scheduled.ts';

/** The embedded engine: executions in one process, their journal in SQLite. `packages/engine/README.md` has its guarantees. */
export class Engine implements WorkflowEngine {
  readonly caps: EngineCaps = { multiNode: false, resultLimitCharacters: VALUE_LIMIT_CHARACTERS };
  readonly #options: EngineOptions;
  readonly #parts: EngineParts;
  readonly #hub = new EventHub();
  #closing = false;

  /** Opens the journal. Nothing runs before {@link recover}. Throws DATA_DIR_IN_USE or STORE_FAILED. */
  constructor(options: EngineOptions) {
    this.#options = options;
    this.#parts = assembleEngine(options, {
      committed: (events, position) => this.#committed(events, position),
      start: (request) => this.start(request),
      order: (executionIds, mutation) => this.#order(executionIds, mutation),
    });
  }

  get functions(): FunctionCatalogue {
    return this.#parts.functions;
  }

  /** Versions, restarts, and what else people do with executions. */
  get operations(): Operations {
    return this.#parts.operations;
  }

  /** Why the store refused the last write; `undefined` while it takes them. */
  get storeFault(): PlatformError | undefined {
    return this.#parts.store.fault;
  }

  /** What is stored; read only. */
  get read(): StoreReader {
    return this.#parts.store.read;
  }

  /** The definitions that can be started, by name. */
  get definitions(): ReadonlyMap<string, WorkflowDefinition> {
    return this.#parts.definitions.startable;
  }

  /**
   * Makes a definition startable under its name, in place of the one before, and its schedule the one that holds. Executions under way keep
   * theirs. `projectId` is the project of the executions that the schedule starts. Throws LIMIT_EXCEEDED.
   */
  async register(definition: WorkflowDefinition, { projectId = DEFAULT_PROJECT }: { projectId?: string } = {}): Promise<void> {
    const { digest, name, version, source } = definition;
    await this.#parts.store.write((transaction) => {
      if (transaction.definition(digest) === undefined && transaction.count('definitions') >= DEFINITION_COUNT_LIMIT)
        throw overLimit('another definition', { limit: 'definitions', maximum: DEFINITION_COUNT_LIMIT });
      transaction.putDefinition({ digest, name, version, source, createdAt: this.#options.clock.now() });
      this.#parts.schedules.register(transaction, definition, projectId);
    });
    this.#parts.lives.limits.register(definition);
    this.#parts.definitions.use(definition);
    this.#parts.schedules.registered(definition);
  }

  /** The schedules of the definitions that can be started, by the name of the workflow. */
  schedules(): StoredSchedule[] {
    return this.#parts.schedules.list();
  }

  /** Stops a schedule: nothing is due and events start nothing. Throws WORKFLOW_NOT_FOUND, or INVALID_STATE when it has none or is paused. */
  pauseSchedule(workflow: string): Promise<StoredSchedule> {
    return this.#parts.schedules.pause(workflow);
  }

  /** Lets a paused schedule go on from now; what it left out stays left out. Throws as {@link pauseSchedule} does. */
  resumeSchedule(workflow: string): Promise<StoredSchedule> {
    return this.#parts.schedules.resume(workflow);
  }

  /** Takes up every execution that was under way when the last process ended, and arms timers and schedules. Call it once. Throws STORE_FAILED. */
  recover(): void {
    const { admissions } = this.#parts.lives.limits;
    try {
      admissions.recover();
      for (const id of this.read.unfinished()) this.#parts.lives.load(id);
      admissions.open();
      this.#parts.timers.arm();
      this.#parts.schedules.open();
    } catch (error) {
      throw storeFailure(error, 'read');
    }
    this.#parts.retention.start();
  }

  /**
   * Starts an execution; resolves when it is durable. The same id with the same request gives the execution that is there (`created: false`).
   * Throws WORKFLOW_NOT_FOUND, LIMIT_EXCEEDED, VALIDATION_ERROR when the input does not fit the schema of the workflow or gives no
   * concurrency key, or IDEMPOTENCY_CONFLICT when the id belongs to another request.
   */
  async start(request: StartRequest): Promise<{ created: boolean; execution: Execution }> {
    const { executionId: id, workflow, input } = request;
    const definition = this.#parts.definitions.require(workflow);
    try {
      checkedText(input, 'an input');
      checkInput(this.#parts.schemas, definition, input);
    } catch (error) {
      // What was started under an earlier definition is there all the same.
      if (this.read.status(id) === undefined) throw error;
    }
    const plan = this.#parts.lives.limits.start(request, definition);
    const result = await this.#order([id], (transaction) => {
      const existing = transaction.execution(id);
      if (existing !== undefined) return { created: false, execution: existing };
      const at = this.#options.clock.now();
      return { created: true, execution: insertExecution(transaction, request, { definition, at, plan }) };
    }).catch((error: unknown) => {
      plan.drop();
      throw error;
    });
    if (!result.created) plan.drop();
    if (!result.created && result.execution.requestDigest !== requestDigestOf(request)) {
      throw new PlatformError('IDEMPOTENCY_CONFLICT', `Cannot start the execution "${id}": it was started by another request`);
    }
    if (result.created) this.#parts.lives.limits.started(result.execution);
    return result;
  }

  /** Gives an answer to a question, open or not yet asked; see {@link AnswerTarget}. */
  async answer(
    target: AnswerTarget,
    answer: SubmittedAnswer,
    by: { answerId: string; answeredBy: string },
  ): Promise<AnswerOutcome> {
    checkedText(answer, 'an answer', ANSWER_LIMIT_CHARACTERS);
    const executionId = target.executionId ?? this.read.humanTask(target.taskId ?? '')?.executionId;
    const outcome = await this.#order(executionId === undefined ? [] : [executionId], (transaction) =>
      takeAnswer(transaction, target, {
        answer,
        ...by,
        at: this.#options.clock.now(),
        definition: (digest) => this.#parts.definitions.ofDigest(digest),
      }),
    );
    if (outcome.delivered !== undefined) this.#parts.lives.deliver(outcome.delivered);
    // More budget lets timers run on.
    else if (outcome.task !== undefined && isBudgetQuestion(outcome.task)) this.#parts.timers.arm();
    return outcome;
  }

  /**
   * Shows an event from outside to every execution and schedule of some projects that listens; gives how many went on or start. Safe to repeat: an
   * event is taken once.
   */
  async publish(event: CloudEvent, projects?: ProjectScope): Promise<number> {
    checkedText(event, 'an event');
    const touched: string[] = [];
    const { woken, decided } = await this.#order(touched, (transaction) => {
      const at = this.#options.clock.now();
      const owned = publishEvent(transaction, event, { at, expressions: this.#parts.expressions, projects });
      touched.push(...owned.map(({ executionId }) => executionId));
      return { woken: owned, decided: this.#parts.schedules.offer(transaction, event, { at, projects }) };
    }).catch((error: unknown) => {
      // It may have been committed all the same.
      this.#parts.schedules.wake();
      throw error;
    });
    for (const owned of woken) this.#parts.lives.deliver(owned);
    if (decided > 0) this.#parts.schedules.wake();
    return woken.length + decided;
  }

  /** Ends an execution for good; steps under way get their AbortSignal. Throws INVALID_STATE when it has ended already. */
  async cancel(executionId: string, by: { who: string; reason: string | null }): Promise<Execution> {
    const { execution, delivered } = await this.#order([executionId], (transaction) =>
      cancelExecution(transaction, executionId, { ...by, at: this.#options.clock.now() }),
    );
    if (delivered !== undefined) this.#parts.lives.deliver(delivered);
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
    this.#parts.timers.arm();
    return execution;
  }

  /**
   * Adds to what an execution may use; one that was paused because it was used up goes on. The same `additionId` with the same addition is
   * the same addition. Throws as {@link addToBudget} does.
   */
  async addBudget(executionId: string, add: BudgetAddition, by: { who: string; additionId: string }): Promise<Execution> {
    const execution = await this.#order([executionId], (transaction) =>
      addToBudget(transaction, executionId, { add, ...by, at: this.#options.clock.now() }),
    );
    this.#parts.timers.arm();
    return execution;
  }

  /** What an execution may use and has used until now or until its end; nothing when nothing limits it and no step reported anything. */
  budget({ id, completedAt }: Execution): BudgetState | undefined {
    const budget = this.read.limits.budget(id);
    return budget === undefined ? undefined : budgetState(budget, completedAt ?? this.#options.clock.now());
  }

  /** What the steps of an execution wait for in memory before they may begin. */
  waitingTurns(executionId: string): readonly WaitingTurn[] {
    return this.#parts.lives.limits.turnstile?.waiting(executionId) ?? [];
  }

  /** Tells something that no execution has, in the order of all events; the same id again has no effect. */
  async announce(notice: Notice): Promise<void> {
    await this.#parts.store.write((transaction) => transaction.announce(notice, this.#options.clock.now()));
  }

  /** Calls `listener` with every event of an execution that is committed from now on; the result ends it. */
  subscribe(executionId: string, listener: (event: ExecutionEvent) => void): () => void {
    return this.#hub.subscribe(executionId, listener);
  }

  /** Calls `listener` with every commit of events of any execution from now on; the result ends it. From a cursor: `read.eventsAfter`. */
  subscribeAll(listener: CommitListener): () => void {
    return this.#hub.subscribeAll(listener);
  }

  /** Stops: nothing new begins, steps under way have `drainMs` to end and be recorded; what is left goes on after the next start. */
  async close(drainMs: number): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#parts.timers.stop();
    this.#parts.retention.stop();
    await this.#parts.schedules.stop();
    await this.#parts.lives.close(drainMs);
    await this.#parts.store[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close(0);
  }

  /** What is recorded takes effect in memory, whoever asked for it: an execution may have been stopped with the one that runs it. */
  #committed(events: readonly ExecutionEvent[], position: number): void {
    for (const { type, executionId } of events) {
      if (type === 'cancelled') this.#parts.lives.cancelled(executionId);
      if (type === 'paused') this.#parts.lives.pause(executionId);
      if (type === 'resumed') this.#parts.lives.resume(executionId);
    }
    this.#hub.publish(events, position);
    this.#parts.schedules.noticed(events);
  }

  /**
   * Writes what somebody asks for. A store that refuses may have committed all the same, and then memory does not know
   * what is recorded: the executions go on from their journals.
   */
  #order<T>(executionIds: readonly string[], mutation: (transaction: StoreTransaction) => T): Promise<T> {
    return this.#parts.store.write(mutation).catch((error: unknown) => {
      const isRefused = error instanceof PlatformError && error.code === 'STORE_FAILED';
      if (isRefused && !this.#closing) for (const id of withChildren(this.read, executionIds)) this.#parts.lives.rest(id, error);
      throw error;
    });
  }
}

/** Executions and all that they run. */
function withChildren(read: StoreReader, executionIds: readonly string[]): Set<string> {
  const all = new Set(executionIds);
  for (const id of all) for (const child of read.children(id)) all.add(child);
  return all;
}
