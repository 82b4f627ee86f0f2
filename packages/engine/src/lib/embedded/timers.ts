import type { Clock } from '@loopwright/protocol';
import { type JournalEntry, isFinal } from '../execution/execution.ts';
import { WorkflowError } from '../interpreter/workflow-error.ts';
import { reachWallTime } from '../limits/budget-use.ts';
import { isWallTimer } from '../limits/wall-time.ts';
import type { OwnedEntry, Store, StoreTransaction } from '../store/store.ts';
import { isUnder, watchedPart } from './deadline-key.ts';
import { giveUp } from './give-up.ts';
import { closeEntry } from './open-human-task.ts';

/** What the event of a fired timer is called, where it is not the end of a step. */
const FIRED: Partial<Record<JournalEntry['kind'], string>> = { deadline: 'step_timed_out', retry: 'retry_started' };
/** How many due timers one transaction takes. */
const BATCH = 200;
/** How long a deadline waits for an execution that is just about to move on, in milliseconds. */
const GRACE_MS = 25;
/** The same for one that waits in a queue until it may move on. */
const GRACE_IN_QUEUE_MS = 1000;
/** How long to wait when the store cannot be written, in milliseconds. */
const STORE_RETRY_MS = 5000;

/** Who is told about timers. */
interface TimersTold {
  /** It fired and is recorded. */
  fired(owned: OwnedEntry): void;
  /** The store refused to record a timer of this execution that was due. */
  refused(executionId: string, error: unknown): void;
}

/** Wakes executions when their timers are due. The timers are rows; in memory there is only the next due time. */
export class Timers {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #told: TimersTold;
  #armedFor = Infinity;
  #cancel: () => void = () => undefined;
  #stopped = false;

  constructor(store: Store, clock: Clock, told: TimersTold) {
    this.#store = store;
    this.#clock = clock;
    this.#told = told;
  }

  /** Takes note of a timer; without one it looks into the store. */
  arm(at?: number): void {
    // An order may be acknowledged after the store was closed: then nothing can be read any more.
    if (this.#stopped) return;
    const dueAt = at ?? this.#store.read.nextDue();
    if (dueAt === undefined || dueAt >= this.#armedFor) return;
    this.#cancel();
    this.#armedFor = dueAt;
    this.#cancel = this.#clock.schedule(dueAt - this.#clock.now(), () => void this.#fire());
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  async #fire(): Promise<void> {
    this.#armedFor = Infinity;
    if (this.#stopped) return;
    let fired: readonly OwnedEntry[] = [];
    try {
      const now = this.#clock.now();
      await this.#store.write((transaction) => {
        fired = transaction.due(now, BATCH).flatMap((owned) => fireTimer(transaction, owned, now) ?? []);
      });
      for (const owned of fired) this.#told.fired(owned);
      this.arm();
    } catch (error) {
      // The commit may have happened all the same: nobody would look for these timers again.
      for (const { executionId } of fired) this.#told.refused(executionId, error);
      this.arm(this.#clock.now() + STORE_RETRY_MS);
    }
  }
}

/** Fires one due timer inside a transaction; gives what is to be delivered, or nothing when there is nothing to wake. */
export function fireTimer(transaction: StoreTransaction, due: OwnedEntry, now: number): OwnedEntry | undefined {
  const { executionId } = due;
  // One that fired just before, in the same transaction, may have given this one up, or paused its execution.
  const entry = transaction.entry(executionId, due.entry.key) ?? due.entry;
  if (entry.dueAt === null || entry.dueAt > now) return undefined;
  const execution = transaction.execution(executionId);
  if (entry.state !== 'waiting' || execution === undefined || isFinal(execution.status)) {
    transaction.putEntry(executionId, { ...entry, dueAt: null });
    return undefined;
  }
  if (isWallTimer(entry)) {
    // Its execution is paused by the commit; there is nobody to wake.
    reachWallTime(transaction, executionId, now);
    return undefined;
  }
  if (entry.kind === 'ask') return { executionId, entry: expireQuestion(transaction, executionId, { entry, now }) };
  if (entry.kind === 'deadline' && !cutOff(transaction, executionId, { entry, now })) return undefined;
  const done: JournalEntry = { ...entry, state: 'done', dueAt: null, recordedAt: now };
  transaction.putEntry(executionId, done);
  const type = FIRED[entry.kind] ?? 'step_completed';
  transaction.appendEvent({ executionId, type, step: entry.name, at: now, data: { key: entry.key } });
  return { executionId, entry: done };
}

/** An unanswered question whose time is over fails with the standard's `timeout` error. */
function expireQuestion(
  transaction: StoreTransaction,
  executionId: string,
  { entry, now }: { entry: JournalEntry; now: number },
): JournalEntry {
  const error = new WorkflowError({
    type: 'timeout',
    status: 408,
    title: 'STEP_TIMEOUT',
    detail: `Cannot go on with "${entry.name}": nobody answered in time`,
  });
  const task = transaction.humanTasks({ executionId, state: 'open', limit: 1000 }).find(({ key }) => key === entry.key);
  if (task === undefined) return entry;
  transaction.updateHumanTask(task.id, { state: 'expired' });
  transaction.appendEvent({ executionId, type: 'human_task_expired', step: entry.name, at: now, data: { task_id: task.id } });
  return closeEntry(transaction, task, { state: 'failed', value: error.toJson(), at: now });
}

/**
 * Gives up what is open inside the part that the deadline watches. When nothing is open there, the part is just
 * about to move on (an answer or a result was recorded before the deadline, and it counts): the deadline looks again soon.
 */
function cutOff(
  transaction: StoreTransaction,
  executionId: string,
  { entry, now }: { entry: JournalEntry; now: number },
): boolean {
  const part = watchedPart(entry.key);
  const isInside = (key: string): boolean => isUnder(key, part);
  const isOpen = transaction
    .journal(executionId)
    .some(({ key, kind, state }) => isInside(key) && kind !== 'deadline' && (state === 'running' || state === 'waiting'));
  if (!isOpen) {
    transaction.putEntry(executionId, {
      ...entry,
      dueAt: now + (transaction.status(executionId) === 'pending' ? GRACE_IN_QUEUE_MS : GRACE_MS),
    });
    return false;
  }
  return giveUp(transaction, executionId, { isInside, questions: 'expired', at: now });
}
