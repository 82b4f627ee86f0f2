import { type Json, messageOf } from '@loopwright/protocol';
import type {
  BranchOutcome,
  BranchRun,
  ChildRequest,
  DurableContext,
  StepAddress,
  StepAttempt,
} from '../context/durable-context.ts';
import { checkedText } from '../check-value.ts';
import { audienceOf } from '../event/event-routes.ts';
import { type CloudEvent, type Listener, listenedTypes } from '../event/listener.ts';
import { type JournalEntry, isFinal } from '../execution/execution.ts';
import type { HumanTaskRequest } from '../human-task/human-task-request.ts';
import { WorkflowError } from '../interpreter/workflow-error.ts';
import { LISTENER_LIMIT, OPEN_QUESTION_LIMIT } from '../limits.ts';
import { recordSpending } from '../limits/budget-use.ts';
import { SpendingMeter, type Spent } from '../limits/spending.ts';
import { beginStep } from '../limits/step-limits.ts';
import type { OwnedEntry } from '../store/store.ts';
import { childIdOf } from '../execution/child-entry.ts';
import { deadlineKey, isUnder } from './deadline-key.ts';
import { consumeEvent, endConsumption } from './event-queue.ts';
import { giveUp } from './give-up.ts';
import { type Life, never } from './life.ts';
import type { Aftermath, Mutation, Note } from './life-host.ts';
import { newEntry } from './new-entry.ts';
import { openHumanTask } from './open-human-task.ts';
import { openListener } from './open-listener.ts';
import { publishEvent } from './publish-event.ts';
import { raceBranches } from './race-branches.ts';
import { refuseOver } from './refuse-over.ts';
import { recordEvent } from './record-event.ts';
import { startChild } from './start-child.ts';
import { type Outcome, idempotencyKeyOf, runStep } from './step-run.ts';

/**
 * Answers the interpreter from the journal, and records what is new: what is recorded is never run again.
 * What may go on, and when, is the matter of its {@link Life}.
 */
export class Instance implements DurableContext {
  readonly executionId: string;
  readonly life: Life;

  constructor(life: Life) {
    this.executionId = life.executionId;
    this.life = life;
  }

  random(): number {
    return this.life.host.random.next();
  }

  async step(address: StepAddress, run: (attempt: StepAttempt) => Promise<Json>): Promise<Json> {
    const recorded = this.life.recorded(address.key);
    if (recorded !== undefined) return recorded.value;
    await this.life.open(address.key);
    const { leave, takeBegin } = await beginStep(this.life, address, (transaction, at) => {
      transaction.putEntry(this.executionId, { ...newEntry(address, 'step', at), state: 'running' });
      this.#append(transaction, { type: 'step_started', address, at });
    });
    const idempotencyKey = idempotencyKeyOf(this.executionId, address.key);
    const meter = new SpendingMeter();
    const { spend } = meter;
    const outcome = await this.life.during(address.key, (signal) => runStep(run, { idempotencyKey, signal, spend }));
    leave?.();
    return resultOf(await this.#record(address, { outcome, spent: meter.total, begin: takeBegin() }));
  }

  async sleep(address: StepAddress, delayMs: (from: number) => number, purpose: 'wait' | 'retry' = 'wait'): Promise<void> {
    if (this.life.recorded(address.key) !== undefined) return;
    await this.#begin(address, (transaction, at) => {
      const dueAt = at + Math.max(0, delayMs(at));
      const entry: JournalEntry = {
        ...newEntry(address, purpose === 'wait' ? 'timer' : 'retry', at),
        state: 'waiting',
        dueAt,
      };
      transaction.putEntry(this.executionId, entry);
      const type = purpose === 'wait' ? 'timer_started' : 'retry_scheduled';
      this.#append(transaction, { type, address, at, data: { due_at: new Date(dueAt).toISOString() } });
      return entry;
    });
    await this.life.received(address.key);
  }

  async ask(address: StepAddress, request: HumanTaskRequest): Promise<Json> {
    const { executionId } = this;
    if (this.life.recorded(address.key) === undefined) {
      checkedText(request, 'a question');
      await this.#begin(address, (transaction, at) => {
        const open = transaction.count('open-questions', executionId);
        const refused = refuseOver({ kind: 'ask', address, at }, { of: 'open questions', open, limit: OPEN_QUESTION_LIMIT });
        if (refused === undefined) return openHumanTask(transaction, { executionId, address, request, at });
        transaction.putEntry(executionId, refused);
        return refused;
      });
    }
    return this.life.received(address.key);
  }

  async listen(address: StepAddress, listener: Listener): Promise<Json> {
    const { executionId } = this;
    if (this.life.recorded(address.key) === undefined) {
      await this.#begin(address, (transaction, at) => {
        const open = transaction.count('listeners', executionId) + listenedTypes(listener).length - 1;
        const refused = refuseOver({ kind: 'listen', address, at }, { of: 'types of events', open, limit: LISTENER_LIMIT });
        if (refused === undefined) return openListener(transaction, { executionId, address, listener, at });
        transaction.putEntry(executionId, refused);
        return refused;
      });
    }
    return this.life.received(address.key);
  }

  consume(address: StepAddress, listener: Listener, index: number): Promise<{ event: Json } | undefined> {
    return consumeEvent(this.life, address, { listener, index });
  }

  endConsumption(address: StepAddress): Promise<void> {
    return endConsumption(this.life, address);
  }

  async now(address: StepAddress): Promise<number> {
    const recorded = this.life.recorded(address.key);
    if (recorded !== undefined) return Number(recorded.value);
    const entry = await this.life.commit((transaction, at) => {
      const done: JournalEntry = { ...newEntry(address, 'now', at), state: 'done', value: at, recordedAt: at };
      transaction.putEntry(this.executionId, done);
      return done;
    });
    return Number(entry.value);
  }

  async fresh<T>(address: StepAddress, get: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { life } = this;
    try {
      const value = await life.during(address.key, get);
      if (life.goesOn(address.key)) return value;
    } catch (error) {
      if (life.goesOn(address.key)) life.host.storeFailed(this.executionId, error);
    }
    return never();
  }

  async emit(address: StepAddress, event: Json): Promise<Json> {
    const recorded = this.life.recorded(address.key);
    if (recorded !== undefined) return recorded.value;
    checkedText(event, 'an event');
    const { executionId } = this;
    const { host } = this.life;
    const id = host.random.uuid();
    let woken: readonly OwnedEntry[] = [];
    let decided = 0;
    const entry = await this.life.begin(
      address.key,
      (transaction, at) => {
        const emitted = recordEvent(transaction, { executionId, address, event, id, at });
        const projects = audienceOf(transaction.projectOf(executionId) ?? '', host.eventRoutes);
        woken = publishEvent(transaction, emitted.value as CloudEvent, { at, expressions: host.expressions, projects });
        decided = host.schedules.offer(transaction, emitted.value as CloudEvent, { at, projects });
        return emitted;
      },
      {
        committed: () => {
          for (const owned of woken) host.deliver(owned);
          if (decided > 0) host.schedules.wake();
        },
        unknown: (error) => {
          for (const owned of woken) host.storeFailed(owned.executionId, error);
          host.schedules.wake();
        },
      },
    );
    return entry.value;
  }

  async runWorkflow(address: StepAddress, child: ChildRequest): Promise<Json> {
    const { executionId } = this;
    const { host } = this.life;
    if (this.life.recorded(address.key) === undefined) {
      checkedText(child.input, 'an input of a workflow');
      const definition = host.findDefinition(child);
      const childId = childIdOf(executionId, address.key);
      await this.#begin(address, (transaction, at) => startChild(transaction, { executionId, address, child, definition, at }), {
        committed: () => host.started(childId),
        unknown: (error) => host.storeFailed(childId, error),
      });
    }
    return this.life.received(address.key);
  }

  async branches(address: StepAddress, parts: readonly BranchRun[], compete: boolean): Promise<BranchOutcome> {
    const decision: StepAddress = { key: `${address.key}@decided`, name: address.name };
    const recorded = this.life.recorded(decision.key);
    if (typeof recorded?.value === 'number') {
      const outputs: Json[] = [];
      outputs[recorded.value] = (await parts[recorded.value]?.run()) ?? null;
      return { outputs, winner: recorded.value };
    }
    this.life.fork();
    const race = await raceBranches(parts, compete);
    if (recorded !== undefined) return { outputs: race.outputs, winner: undefined };
    const losers = parts.flatMap(({ key }, index) => (index === race.winner ? [] : [key]));
    const isOver = race.failure !== undefined || race.winner !== undefined;
    if (isOver) this.life.abandon(losers);
    const entry = await this.life.commit((transaction, at) => {
      const isInside = (key: string): boolean => losers.some((part) => isUnder(key, part));
      if (isOver) giveUp(transaction, this.executionId, { isInside, questions: 'cancelled', at });
      const decided: JournalEntry = {
        ...newEntry(decision, 'decision', at),
        state: race.failure === undefined ? 'done' : 'failed',
        value: race.failure?.toJson() ?? race.winner ?? null,
        recordedAt: at,
      };
      transaction.putEntry(this.executionId, decided);
      return decided;
    });
    resultOf(entry);
    return { outputs: race.outputs, winner: race.winner };
  }

  async deadline<T>(address: StepAddress, limitMs: (from: number) => number, run: () => Promise<T>): Promise<T> {
    const timer: StepAddress = { key: deadlineKey(address.key), name: address.name };
    const before = this.life.entry(timer.key);
    if (before?.state === 'done') throw timedOut(address.name, limitMs(before.createdAt));
    if (before?.state === 'cancelled') return run();
    const { createdAt } =
      before ??
      (await this.life.commit((transaction, at) => {
        const entry: JournalEntry = { ...newEntry(timer, 'deadline', at), state: 'waiting', dueAt: at + limitMs(at) };
        transaction.putEntry(this.executionId, entry);
        return entry;
      }));
    return new Promise<T>((resolve, reject) => {
      const unwatch = this.life.watch(timer.key, () => {
        this.life.abandon([address.key]);
        reject(timedOut(address.name, limitMs(createdAt)));
      });
      const inTime = (settle: () => void): void => {
        if (!unwatch()) return;
        this.life.note((transaction) => {
          const entry = transaction.entry(this.executionId, timer.key);
          if (entry?.state === 'waiting') transaction.putEntry(this.executionId, { ...entry, state: 'cancelled', dueAt: null });
        }, timer.key);
        settle();
      };
      run().then(
        (value) => inTime(() => resolve(value)),
        (error: unknown) => inTime(() => reject(error instanceof Error ? error : new Error(messageOf(error)))),
      );
    });
  }

  /** Records that something is waited for, unless that is recorded already. */
  async #begin(address: StepAddress, mutation: Mutation, aftermath?: Aftermath): Promise<void> {
    if (this.life.entry(address.key) !== undefined) return;
    await this.life.begin(address.key, mutation, aftermath);
  }

  /** Records how a step ended, and its begin where that is not written yet. */
  #record(
    address: StepAddress,
    { outcome, spent, begin }: { outcome: Outcome; spent: Spent | undefined; begin: Note | undefined },
  ): Promise<JournalEntry> {
    if (spent !== undefined) this.#recordLost(address, spent);
    return this.life.commit((transaction, at) => {
      begin?.(transaction, at);
      if (spent !== undefined) recordSpending(transaction, this.executionId, { spent, step: address.name, key: address.key, at });
      const current = transaction.entry(this.executionId, address.key);
      // It was given up meanwhile: a time-out passed, or another branch won.
      if (current?.state === 'cancelled') return undefined;
      const entry: JournalEntry = { ...newEntry(address, 'step', current?.createdAt ?? at), ...outcome, recordedAt: at };
      transaction.putEntry(this.executionId, entry);
      const isDone = outcome.state === 'done';
      const type = isDone ? 'step_completed' : 'step_failed';
      this.#append(transaction, { type, address, at, ...(isDone ? {} : { data: { error: outcome.value } }) });
      return entry;
    });
  }

  /** A step that ends after its execution, or in a life that was given up, has no result any more; what it used was used all the same. */
  #recordLost({ name: step, key }: StepAddress, spent: Spent): void {
    const { executionId, life } = this;
    const { isStopped } = life;
    life.host.store
      .write((transaction) => {
        const status = transaction.status(executionId);
        if (status === undefined || (!isStopped && !isFinal(status))) return;
        recordSpending(transaction, executionId, { spent, step, key, at: life.host.clock.now() });
      })
      .catch((error: unknown) => {
        if (!isStopped) life.host.storeFailed(executionId, error);
      });
  }

  #append(
    transaction: Parameters<Parameters<Life['note']>[0]>[0],
    { type, address, at, data = {} }: { type: string; address: StepAddress; at: number; data?: Record<string, Json> },
  ): void {
    const { executionId } = this;
    transaction.appendEvent({ executionId, type, step: address.name, at, data: { key: address.key, ...data } });
  }
}

function resultOf(entry: JournalEntry): Json {
  if (entry.state === 'failed') throw WorkflowError.fromJson(entry.value);
  return entry.value;
}

function timedOut(name: string, limitMs: number): WorkflowError {
  const detail = `Cannot finish "${name}": it took longer than ${limitMs} ms`;
  return new WorkflowError({ type: 'timeout', status: 408, title: 'STEP_TIMEOUT', detail });
}
