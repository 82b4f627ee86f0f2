import { type Json, messageOf } from '@loopwright/protocol';
import { checkedText } from '../check-value.ts';
import type { WorkflowDefinition } from '../definition/definition.ts';
import { type Execution, type JournalEntry, isFinal } from '../execution/execution.ts';
import type { ExpressionEvaluator } from '../expression/expression.ts';
import type { FunctionCatalogue } from '../interpreter/call-function.ts';
import type { InterpreterParts } from '../interpreter/frame.ts';
import { Interpreter } from '../interpreter/interpreter.ts';
import type { SchemaValidator } from '../interpreter/schema-validator.ts';
import { WorkflowError } from '../interpreter/workflow-error.ts';
import { type EngineLimits, ExecutionLimits } from '../limits/execution-limits.ts';
import { wallDueAt } from '../limits/wall-time.ts';
import { type Secrets, SecretsNotReadError, readSecrets } from '../secret/secrets.ts';
import type { OwnedEntry, Store } from '../store/store.ts';
import type { Definitions } from './definitions.ts';
import { type Ending, endExecution } from './end-execution.ts';
import type { EngineOptions } from './engine-options.ts';
import { Instance } from './instance.ts';
import { editedInputsIn } from '../operation/restart-record.ts';
import { Life } from './life.ts';
import type { LifeHost } from './life-host.ts';
import { type Rehearsal, rehearse } from './rehearsal.ts';
import type { Schedules } from './schedules.ts';
import type { Timers } from './timers.ts';
import { WarmLives } from './warm-lives.ts';

/** How long an execution rests after the store refused a write, in milliseconds. */
const STORE_RETRY_MS = 5000;

/** How often a process that closes looks whether its steps have ended, in milliseconds. */
const DRAIN_LOOK_MS = 5;

/** What executions in memory are made with. */
export interface LivesParts {
  readonly store: Store;
  readonly timers: Timers;
  readonly schedules: Schedules;
  readonly definitions: Definitions;
  readonly functions: FunctionCatalogue;
  readonly expressions: ExpressionEvaluator;
  readonly schemas: SchemaValidator;
  readonly options: Pick<EngineOptions, 'clock' | 'random' | 'secrets' | 'onTask' | 'onTrouble' | 'eventRoutes'> & {
    readonly limits?: EngineLimits;
  };
}

/** An execution that something refused which it cannot do without: nothing happens before `until`. Milliseconds since 1970-01-01 UTC. */
export interface Rest {
  /** The store, or who keeps the secrets and gives the tokens. */
  readonly refusedBy: 'store' | 'credentials';
  readonly since: number;
  readonly until: number;
  readonly reason: string;
}

/** The executions that are in memory: taken up from the journal when there is something to do, dropped when they wait. */
export class Lives {
  readonly limits: ExecutionLimits;
  readonly #parts: LivesParts;
  readonly #lives = new Map<string, Life>();
  readonly #resting = new Map<string, Rest>();
  readonly #host: LifeHost;
  readonly #warm = new WarmLives();
  #closing = false;

  constructor(parts: LivesParts) {
    this.#parts = parts;
    const { store, expressions, timers, schedules, definitions, options } = parts;
    this.limits = new ExecutionLimits(options.limits ?? {}, {
      store,
      clock: options.clock,
      expressions,
      load: (executionId, started) => this.load(executionId, started),
      onTrouble: (message, error) => options.onTrouble?.(message, error),
    });
    this.#host = {
      store,
      clock: options.clock,
      random: options.random,
      expressions,
      turnstile: this.limits.turnstile,
      eventRoutes: options.eventRoutes ?? [],
      schedules,
      findDefinition: (reference) => definitions.find(reference),
      deliver: (owned) => this.deliver(owned),
      started: (executionId) => void this.load(executionId),
      timerRecorded: (dueAt) => timers.arm(dueAt),
      idle: (executionId) => {
        const life = this.#lives.get(executionId);
        if (life?.parked !== true || this.#closing) return;
        // One that waits for the next of many events goes on too soon to be worth a record.
        if (!life.streaming) life.settle();
        for (const id of life.streaming ? this.#warm.keep(executionId, life.size) : [executionId]) this.#drop(id);
      },
      storeFailed: (executionId, error) => this.rest(executionId, error),
    };
  }

  /**
   * Takes an execution up from its journal, unless it has ended, is paused or must wait for a slot. Gives whether it is in memory.
   * Who has just started it passes its row: its journal is empty.
   */
  load(executionId: string, started?: Execution): boolean {
    if (this.#closing) return false;
    try {
      return this.#load(executionId, started);
    } catch (error) {
      // A part of the store cannot be read: that is no failure of the execution, and none of the others.
      this.rest(executionId, error);
      return false;
    }
  }

  #load(executionId: string, started: Execution | undefined): boolean {
    const { store, definitions } = this.#parts;
    const status = store.read.status(executionId);
    if (status === undefined || isFinal(status) || status === 'paused') return false;
    if (this.#lives.has(executionId)) return true;
    const execution = started ?? store.read.execution(executionId);
    if (execution === undefined) return false;
    const definition = definitions.ofDigest(execution.definitionDigest);
    if (definition === undefined || !this.limits.enter(execution)) return false;
    const journal = started === undefined ? store.read.journal(executionId) : [];
    // Large values are read when they are asked for: a missing one is to be noticed here, not by the workflow.
    for (const entry of journal) void entry.value;
    this.#watchWallTime(executionId);
    const life = new Life(executionId, this.#host, journal);
    this.#lives.set(executionId, life);
    const interpret = (secrets?: Secrets): Promise<Json> => {
      const durable = new Instance(life);
      return this.#interpreter(execution, definition, { journal, durable, secrets, onTask: this.#parts.options.onTask }).run();
    };
    // Without secrets it begins at once.
    const secrets = this.#secrets(execution, definition);
    const running = secrets === undefined ? interpret() : secrets.then(interpret);
    const ended = running.then((output) => {
      checkedText(output, 'an output of the workflow');
      return output;
    });
    ended.then(
      (output) => this.#finish(life, { status: 'completed', output }),
      (error: unknown) => {
        if (!(error instanceof SecretsNotReadError))
          this.#finish(life, { status: 'failed', error: WorkflowError.from(error).toJson() });
        else if (this.#lives.get(executionId) === life) this.rest(executionId, error);
      },
    );
    return true;
  }

  /** Its wall time may run since a moment ago, by whatever took it up. */
  #watchWallTime(executionId: string): void {
    const { store, timers } = this.#parts;
    const budget = store.read.limits.hasBudgets() ? store.read.limits.budget(executionId) : undefined;
    const dueAt = budget === undefined ? null : wallDueAt(budget);
    if (dueAt !== null) timers.arm(dueAt);
  }

  /** Replays a journal under a definition without any effect; what the execution does meanwhile is not touched. */
  async rehearse(execution: Execution, definition: WorkflowDefinition, journal: readonly JournalEntry[]): Promise<Rehearsal> {
    const secrets = await this.#secrets(execution, definition);
    return rehearse(execution.id, this.#host, {
      journal,
      run: ({ durable, onTask }) => this.#interpreter(execution, definition, { journal, durable, secrets, onTask }).run(),
    });
  }

  /** Whether a step or a commit of an execution is under way. */
  isBusy(executionId: string): boolean {
    return this.#lives.get(executionId)?.busy === true;
  }

  /** Since when, until when and why an execution rests. */
  resting(executionId: string): Rest | undefined {
    return this.#resting.get(executionId);
  }

  /** The executions that rest. */
  restingIds(): string[] {
    return [...this.#resting.keys()];
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
    this.#remove(executionId);
  }

  /** An execution has been cancelled: it does nothing any more and needs no place in a queue. */
  cancelled(executionId: string): void {
    this.stop(executionId);
    this.limits.admissions.forget(executionId);
  }

  /** Drops an execution from memory and takes it up again from its journal later: the store refused a write, or a credential cannot be had now. */
  rest(executionId: string, error: unknown): void {
    const { timers, options } = this.#parts;
    options.onTrouble?.(`Cannot go on with the execution ${executionId}`, error);
    this.stop(executionId);
    const since = this.#resting.get(executionId)?.since ?? options.clock.now();
    const refusedBy = error instanceof SecretsNotReadError || error instanceof WorkflowError ? 'credentials' : 'store';
    const rest: Rest = { refusedBy, since, until: options.clock.now() + STORE_RETRY_MS, reason: messageOf(error) };
    this.#resting.set(executionId, rest);
    options.clock.schedule(STORE_RETRY_MS, () => {
      if (this.#resting.get(executionId) === rest) this.#resting.delete(executionId);
      if (this.#closing) return;
      if (!this.load(executionId)) this.#deliverEnding(executionId);
      // A timer may be recorded whose commit was reported as failed: nobody has taken note of it.
      timers.arm();
    });
  }

  /** Hands the end of an execution over, whose commit was reported as failed, to the one that waits for it: nobody else would. */
  #deliverEnding(executionId: string): void {
    const { read } = this.#parts.store;
    try {
      if (!isFinal(read.status(executionId) ?? 'running')) return;
      const parent = read.parent(executionId);
      const entry = parent === null ? undefined : read.entry(parent.executionId, parent.key);
      if (parent !== null && entry?.recordedAt != null) this.deliver({ executionId: parent.executionId, entry });
    } catch (error) {
      this.rest(executionId, error);
    }
  }

  /** Lets nothing new begin, gives steps under way `drainMs` to end and be recorded, and drops everything. */
  async close(drainMs: number): Promise<void> {
    this.#closing = true;
    this.limits.stop();
    const { clock } = this.#parts.options;
    const until = clock.now() + drainMs;
    for (const life of this.#lives.values()) life.pause();
    while (clock.now() < until && [...this.#lives.values()].some(({ busy }) => busy)) {
      // The clock's timers do not keep the process alive, and nothing else may while a step is waited for.
      const awake = setTimeout(() => undefined, 100 * DRAIN_LOOK_MS);
      await new Promise<void>((resolve) => void clock.schedule(DRAIN_LOOK_MS, resolve));
      clearTimeout(awake);
    }
    for (const life of this.#lives.values()) life.stop();
    this.#lives.clear();
  }

  /** The secrets that a definition names, read anew; `undefined` when it names none. */
  #secrets(
    { id, workflow, projectId, startedBy, createdAt }: Execution,
    { document }: WorkflowDefinition,
  ): Promise<Secrets> | undefined {
    const names = document.use?.secrets ?? [];
    if (names.length === 0) return undefined;
    const info = { executionId: id, workflowName: workflow, projectId, startedBy, startedAt: createdAt };
    return readSecrets(names, this.#parts.options.secrets, info);
  }

  #interpreter(
    { id: executionId, workflow: workflowName, projectId, startedBy, createdAt: startedAt, input }: Execution,
    definition: WorkflowDefinition,
    {
      journal,
      durable,
      secrets,
      onTask,
    }: { journal: readonly JournalEntry[] } & Pick<InterpreterParts, 'durable' | 'secrets' | 'onTask'>,
  ): Interpreter {
    const { functions, expressions, schemas } = this.#parts;
    return new Interpreter({
      definition,
      info: { executionId, workflowName, projectId, startedBy, startedAt },
      input,
      durable,
      functions,
      expressions,
      schemas,
      secrets,
      onTask,
      editedInputs: editedInputsIn(journal),
    });
  }

  /** Drops an execution that waits; one that moves again says so when it waits the next time. */
  #drop(executionId: string): void {
    if (this.#lives.get(executionId)?.parked === true) this.#remove(executionId);
  }

  #remove(executionId: string): void {
    this.#lives.delete(executionId);
    this.#warm.forget(executionId);
    this.limits.admissions.leave(executionId);
  }

  #ended(executionId: string, delivered: OwnedEntry | undefined): void {
    this.#remove(executionId);
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
