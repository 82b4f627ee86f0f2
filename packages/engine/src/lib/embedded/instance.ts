import { type Clock, type Json, type Random, messageOf } from '@loopwright/protocol';
import type { BranchOutcome, BranchRun, DurableContext, StepAddress, StepAttempt } from '../context/durable-context.ts';
import { type JournalEntry, isFinal } from '../execution/execution.ts';
import type { HumanTaskRequest } from '../human-task/human-task-request.ts';
import { WorkflowError } from '../interpreter/workflow-error.ts';
import type { Store, StoreTransaction } from '../store/store.ts';
import { deadlineKey, isUnder } from './deadline-key.ts';
import { giveUp } from './give-up.ts';
import { openHumanTask } from './open-human-task.ts';
import { raceBranches } from './race-branches.ts';
import { recordEvent } from './record-event.ts';
import { type Outcome, idempotencyKeyOf, runStep } from './step-run.ts';

/** What an instance needs from the engine that holds it. */
export interface InstanceHost {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  /** A timer was recorded that is due at this time. */
  timerRecorded(dueAt: number): void;
  /** Nothing runs any more; it may be dropped from memory until something wakes it. */
  idle(executionId: string): void;
  /** The store refused a write: the execution goes on from its journal once the store works again. */
  storeFailed(executionId: string, error: unknown): void;
}

/** A promise for work that goes on in another life of the execution, or not at all. */
const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/**
 * One execution in memory: answers the interpreter from the journal, and records what is new.
 *
 * I1 What is recorded is never run again. I2 A result is given to the interpreter only after its commit.
 * I3 After `stop` nothing is recorded and nothing goes on. I4 While paused nothing new begins.
 */
export class Instance implements DurableContext {
  readonly executionId: string;
  readonly #host: InstanceHost;
  readonly #journal: Map<string, JournalEntry>;
  readonly #waiters = new Map<string, (entry: JournalEntry) => void>();
  readonly #aborts = new Map<string, AbortController>();
  /** Keys of parts in which nothing goes on any more: a time-out passed, or another branch won. */
  readonly #abandoned: string[] = [];
  #gate: (() => void)[] = [];
  #paused: boolean;
  #stopped = false;
  #active = 0;

  constructor(
    executionId: string,
    host: InstanceHost,
    { journal, paused }: { journal: readonly JournalEntry[]; paused: boolean },
  ) {
    this.executionId = executionId;
    this.#host = host;
    this.#journal = new Map(journal.map((entry) => [entry.key, entry]));
    this.#paused = paused;
  }

  /** Whether a step or a commit is under way. */
  get busy(): boolean {
    return this.#active > 0;
  }

  /** Whether all that is left to do waits for something outside. */
  get parked(): boolean {
    return this.#active === 0 && (this.#waiters.size > 0 || this.#gate.length > 0);
  }

  random(): number {
    return this.#host.random.next();
  }

  async step(address: StepAddress, run: (attempt: StepAttempt) => Promise<Json>): Promise<Json> {
    const recorded = this.#recorded(address.key);
    if (recorded !== undefined) return recorded.value;
    await this.#open(address.key);
    const controller = new AbortController();
    this.#aborts.set(address.key, controller);
    return this.#during(async () => {
      this.#note((transaction, at) => {
        transaction.putEntry(this.executionId, { ...entryOf(address, 'step', at), state: 'running' });
        transaction.updateExecution(this.executionId, { currentStep: address.name }, at);
        transaction.appendEvent({
          executionId: this.executionId,
          type: 'step_started',
          step: address.name,
          at,
          data: { key: address.key },
        });
      });
      const outcome = await runStep(run, {
        idempotencyKey: idempotencyKeyOf(this.executionId, address.key),
        signal: controller.signal,
      });
      this.#aborts.delete(address.key);
      const entry = await this.#record(address, outcome);
      return this.#give(entry);
    });
  }

  async sleep(address: StepAddress, delayMs: () => number, purpose: 'wait' | 'retry' = 'wait'): Promise<void> {
    if (this.#recorded(address.key) !== undefined) return;
    if (!this.#journal.has(address.key)) {
      await this.#open(address.key);
      await this.#during(() =>
        this.#write((transaction, at) => {
          const entry: JournalEntry = {
            ...entryOf(address, purpose === 'wait' ? 'timer' : 'retry', at),
            state: 'waiting',
            dueAt: at + Math.max(0, delayMs()),
          };
          transaction.putEntry(this.executionId, entry);
          transaction.updateExecution(this.executionId, { currentStep: address.name }, at);
          transaction.appendEvent({
            executionId: this.executionId,
            type: purpose === 'wait' ? 'timer_started' : 'retry_scheduled',
            step: address.name,
            at,
            data: { key: address.key, due_at: new Date(entry.dueAt ?? at).toISOString() },
          });
          return entry;
        }),
      );
    }
    await this.#received(address.key);
  }

  async ask(address: StepAddress, request: HumanTaskRequest): Promise<Json> {
    const recorded = this.#recorded(address.key);
    if (recorded !== undefined) return recorded.value;
    if (!this.#journal.has(address.key)) {
      await this.#open(address.key);
      const entry = await this.#during(() =>
        this.#write((transaction, at) => openHumanTask(transaction, { executionId: this.executionId, address, request, at })),
      );
      if (entry.state !== 'waiting') return this.#give(entry);
    }
    return this.#give(await this.#received(address.key));
  }

  async emit(address: StepAddress, event: Json): Promise<Json> {
    const recorded = this.#recorded(address.key);
    if (recorded !== undefined) return recorded.value;
    await this.#open(address.key);
    const id = this.#host.random.uuid();
    const entry = await this.#during(() =>
      this.#write((transaction, at) => recordEvent(transaction, { executionId: this.executionId, address, event, id, at })),
    );
    return entry.value;
  }

  async branches(address: StepAddress, parts: readonly BranchRun[], compete: boolean): Promise<BranchOutcome> {
    const decision: StepAddress = { key: `${address.key}@decided`, name: address.name };
    const recorded = this.#recorded(decision.key);
    const winner = typeof recorded?.value === 'number' ? recorded.value : undefined;
    if (winner !== undefined) {
      const outputs: Json[] = [];
      outputs[winner] = (await parts[winner]?.run()) ?? null;
      return { outputs, winner };
    }
    const race = await raceBranches(parts, compete);
    if (recorded !== undefined) return { outputs: race.outputs, winner: undefined };
    const losers = parts.filter((_, index) => index !== race.winner).map(({ key }) => key);
    const isOver = race.failure !== undefined || race.winner !== undefined;
    if (isOver) this.#abandon(race.failure === undefined ? losers : parts.map(({ key }) => key));
    const entry = await this.#during(() =>
      this.#write((transaction, at) => {
        const isInside = (key: string): boolean => losers.some((part) => isUnder(key, part));
        if (isOver) giveUp(transaction, this.executionId, { isInside, questions: 'cancelled', at });
        const value = race.failure?.toJson() ?? race.winner ?? null;
        const state = race.failure === undefined ? 'done' : 'failed';
        const decided: JournalEntry = { ...entryOf(decision, 'decision', at), state, value, recordedAt: at };
        transaction.putEntry(this.executionId, decided);
        return decided;
      }),
    );
    this.#give(entry);
    return { outputs: race.outputs, winner: race.winner };
  }

  async now(address: StepAddress): Promise<number> {
    const recorded = this.#recorded(address.key);
    if (recorded !== undefined) return Number(recorded.value);
    const entry = await this.#during(() =>
      this.#write((transaction, at) => {
        const done: JournalEntry = { ...entryOf(address, 'now', at), state: 'done', value: at, recordedAt: at };
        transaction.putEntry(this.executionId, done);
        return done;
      }),
    );
    return Number(entry.value);
  }

  async deadline<T>(address: StepAddress, limitMs: number, run: () => Promise<T>): Promise<T> {
    const timer: StepAddress = { key: deadlineKey(address.key), name: address.name };
    const before = this.#journal.get(timer.key);
    if (before?.state === 'done') throw timedOut(address.name, limitMs);
    if (before?.state === 'cancelled') return run();
    if (before === undefined) {
      await this.#during(() =>
        this.#write((transaction, at) => {
          const entry: JournalEntry = { ...entryOf(timer, 'deadline', at), state: 'waiting', dueAt: at + limitMs };
          transaction.putEntry(this.executionId, entry);
          return entry;
        }),
      );
    }
    return new Promise<T>((resolve, reject) => {
      this.#waiters.set(timer.key, () => {
        this.#abandon([address.key]);
        reject(timedOut(address.name, limitMs));
      });
      const settle = (how: () => void) => (): void => {
        if (!this.#waiters.delete(timer.key)) return;
        this.#note((transaction) => {
          const entry = transaction.entry(this.executionId, timer.key);
          if (entry?.state === 'waiting') transaction.putEntry(this.executionId, { ...entry, state: 'cancelled', dueAt: null });
        });
        how();
      };
      run().then(
        (value) => settle(() => resolve(value))(),
        (error: unknown) => settle(() => reject(error instanceof Error ? error : new Error(messageOf(error))))(),
      );
    });
  }

  /** Gives parts up in memory: what is under way gets its signal, and nothing new begins there. */
  #abandon(parts: readonly string[]): void {
    this.#abandoned.push(...parts);
    for (const [key, controller] of this.#aborts) if (this.#isAbandoned(key)) controller.abort();
    for (const key of this.#waiters.keys()) if (this.#isAbandoned(key)) this.#waiters.delete(key);
  }

  #isAbandoned(key: string): boolean {
    return this.#abandoned.some((part) => isUnder(key, part));
  }

  /** Hands over an entry that was recorded from outside: an answer or a timer. */
  receive(entry: JournalEntry): void {
    this.#journal.set(entry.key, entry);
    const waiter = this.#waiters.get(entry.key);
    this.#waiters.delete(entry.key);
    waiter?.(entry);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    const waiting = this.#gate;
    this.#gate = [];
    for (const proceed of waiting) proceed();
  }

  /** Ends this life of the execution: steps under way get their signal, nothing more is recorded. */
  stop(): void {
    this.#stopped = true;
    for (const controller of this.#aborts.values()) controller.abort();
  }

  /** The entry of a key that has a result. A recorded failure is thrown again. */
  #recorded(key: string): JournalEntry | undefined {
    const entry = this.#journal.get(key);
    if (entry?.state === 'failed') throw WorkflowError.fromJson(entry.value);
    return entry?.state === 'done' ? entry : undefined;
  }

  #give(entry: JournalEntry): Json {
    if (entry.state === 'failed') throw WorkflowError.fromJson(entry.value);
    return entry.value;
  }

  #received(key: string): Promise<JournalEntry> {
    // An answer may share the commit of its question: then it is here before anybody waits for it.
    const early = this.#journal.get(key);
    if (early?.state === 'done' || early?.state === 'failed') return Promise.resolve(early);
    return new Promise((resolve) => {
      this.#waiters.set(key, resolve);
      this.#settled();
    });
  }

  /** Waits while the execution is paused; never goes on after `stop`. */
  async #open(key: string): Promise<void> {
    while (this.#paused && !this.#stopped) {
      await new Promise<void>((proceed) => {
        this.#gate.push(proceed);
        this.#settled();
      });
    }
    if (this.#stopped || this.#isAbandoned(key)) await never();
  }

  async #during<T>(work: () => Promise<T>): Promise<T> {
    this.#active += 1;
    try {
      return await work();
    } finally {
      this.#active -= 1;
      this.#settled();
    }
  }

  /** The interpreter goes on in microtasks; once they are through, what is still parked stays parked. */
  #settled(): void {
    if (this.#active === 0 && !this.#stopped) setImmediate(() => this.#host.idle(this.executionId));
  }

  async #record(address: StepAddress, outcome: Outcome): Promise<JournalEntry> {
    if (this.#stopped) return never();
    return this.#write((transaction, at) => {
      const current = transaction.entry(this.executionId, address.key);
      if (current?.state === 'cancelled') return undefined;
      const entry: JournalEntry = { ...entryOf(address, 'step', current?.createdAt ?? at), ...outcome, recordedAt: at };
      transaction.putEntry(this.executionId, entry);
      transaction.appendEvent({
        executionId: this.executionId,
        type: outcome.state === 'done' ? 'step_completed' : 'step_failed',
        step: address.name,
        at,
        data: outcome.state === 'done' ? { key: address.key } : { key: address.key, error: outcome.value },
      });
      return entry;
    });
  }

  /** Commits and waits; gives an entry only while the execution may go on. */
  async #write(mutation: (transaction: StoreTransaction, at: number) => JournalEntry | undefined): Promise<JournalEntry> {
    if (this.#stopped) return never();
    let entry: JournalEntry | undefined;
    try {
      entry = await this.#host.store.write((transaction) => {
        const execution = transaction.execution(this.executionId);
        if (execution === undefined || isFinal(execution.status)) return undefined;
        return mutation(transaction, this.#host.clock.now());
      });
    } catch (error) {
      this.#host.storeFailed(this.executionId, error);
      return never();
    }
    if (entry === undefined || this.#stopped) return never();
    if (this.#journal.get(entry.key)?.recordedAt == null) this.#journal.set(entry.key, entry);
    if (entry.dueAt !== null) this.#host.timerRecorded(entry.dueAt);
    return entry;
  }

  /** Writes without waiting: a later commit that is waited for carries it, in order. */
  #note(mutation: (transaction: StoreTransaction, at: number) => void): void {
    this.#host.store
      .write((transaction) => {
        const execution = transaction.execution(this.executionId);
        if (execution !== undefined && !isFinal(execution.status)) mutation(transaction, this.#host.clock.now());
      })
      .catch((error: unknown) => this.#host.storeFailed(this.executionId, error));
  }
}

function entryOf(address: StepAddress, kind: JournalEntry['kind'], at: number): Omit<JournalEntry, 'state'> {
  return {
    key: address.key,
    kind,
    name: address.name,
    value: null,
    dueAt: null,
    remainingMs: null,
    createdAt: at,
    recordedAt: null,
  };
}

function timedOut(name: string, limitMs: number): WorkflowError {
  return new WorkflowError({
    type: 'timeout',
    status: 408,
    title: 'STEP_TIMEOUT',
    detail: `Cannot finish "${name}": it took longer than ${limitMs} ms`,
  });
}
