import type { Json } from '@loopwright/protocol';
import { overLimit } from '../check-value.ts';
import { type JournalEntry, isFinal } from '../execution/execution.ts';
import { WorkflowError } from '../interpreter/workflow-error.ts';
import { ENTRY_LIMIT } from '../limits.ts';
import type { StoreTransaction } from '../store/store.ts';
import { isDeadlineKey, isUnder, watchedPart } from './deadline-key.ts';
import { isEventKey } from './event-key.ts';
import { type Aftermath, type LifeHost, type Mutation, NO_AFTERMATH, type Note } from './life-host.ts';

/** What only an answer, a timer, an event or another execution ends, all of which look the execution up when they come. */
const RESTING: ReadonlySet<JournalEntry['kind']> = new Set(['timer', 'retry', 'ask', 'listen', 'child']);

/** Takes a mutation back: its part of the execution was given up before the transaction. */
class GivenUp extends Error {}

/** A promise for work that goes on in another life of the execution, or not at all. */
export const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/**
 * The life of one execution in memory: what is recorded, who waits for what, what is under way.
 *
 * L1 A result is given out only after its commit. L2 After `stop` nothing is recorded and nothing goes on. L3 While paused nothing new begins.
 * L4 In a part that was abandoned nothing new begins. L5 It says `idle` when nothing is under way and something is waited for.
 */
export class Life {
  readonly executionId: string;
  readonly host: LifeHost;
  readonly #journal: Map<string, JournalEntry>;
  readonly #waiters = new Map<string, (entry: JournalEntry) => void>();
  readonly #aborts = new Map<string, AbortController>();
  /** Keys of parts in which nothing goes on any more: a time-out passed, or another branch won. */
  readonly #abandoned: string[] = [];
  #gate: (() => void)[] = [];
  #paused = false;
  #stopped = false;
  #active = 0;
  /** Whether several things may be under way at the same time. */
  #forked = false;
  /** Whether the last commit recorded that everything waits. */
  #rests = false;
  /** How many steps wait for their turn. */
  #aside = 0;

  constructor(executionId: string, host: LifeHost, journal: readonly JournalEntry[]) {
    this.executionId = executionId;
    this.host = host;
    this.#journal = new Map(journal.map((entry) => [entry.key, entry]));
  }

  /** Whether a step or a commit is under way. */
  get busy(): boolean {
    return this.#active > 0;
  }

  /** Whether all that is left to do waits for something outside. */
  get parked(): boolean {
    return this.#active === 0 && this.#aside === 0 && (this.#waiters.size > 0 || this.#gate.length > 0);
  }

  /** Whether it waits for the next of many events. */
  get streaming(): boolean {
    return [...this.#waiters.keys()].some(isEventKey);
  }

  /** How many entries its journal has. */
  get size(): number {
    return this.#journal.size;
  }

  /** Hands over an entry that was recorded from outside: an answer, an event or a timer. */
  receive(entry: JournalEntry): void {
    this.#rests = false;
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

  /** Parts run at the same time from here on: that one of them waits does not mean that all do. */
  fork(): void {
    this.#forked = true;
  }

  /** Records that all that is left to do waits, so that a restart need not look at it; for who drops a parked life from memory. */
  settle(): void {
    // What a pause holds back waits for nothing that is recorded.
    if (this.#rests || this.#gate.length > 0) return;
    const keys = [...this.#waiters.keys()];
    this.host.store
      .write((transaction) =>
        this.#ifOpen(transaction, () => {
          const entries = keys.map((key) => transaction.entry(this.executionId, key));
          const isWaiting = entries.every(
            (entry) => entry?.state === 'waiting' && (RESTING.has(entry.kind) || entry.kind === 'deadline'),
          );
          // A deadline alone says that something is under way in its part.
          if (isWaiting && entries.some((entry) => entry?.kind !== 'deadline')) transaction.setResting(this.executionId);
        }),
      )
      // Without the record the next start takes the execution up for nothing.
      .catch(() => undefined);
  }

  /** Ends this life: steps under way get their signal, nothing more is recorded. */
  stop(): void {
    this.#stopped = true;
    for (const controller of this.#aborts.values()) controller.abort();
  }

  /** What is recorded under a key, in whatever state. */
  entry(key: string): JournalEntry | undefined {
    return this.#journal.get(key);
  }

  /** The entry of a key that has a result. A recorded failure is thrown again. */
  recorded(key: string): JournalEntry | undefined {
    const entry = this.#journal.get(key);
    if (entry?.state === 'failed') throw WorkflowError.fromJson(entry.value);
    return entry?.state === 'done' ? entry : undefined;
  }

  /** Waits while the execution is paused; never goes on after `stop` or in a part that was abandoned. Throws LIMIT_EXCEEDED. */
  async open(key: string): Promise<void> {
    while (this.#paused && !this.#stopped) {
      await new Promise<void>((proceed) => {
        this.#gate.push(proceed);
        this.#settled();
      });
    }
    if (this.#stopped || this.#isAbandoned(key)) await never();
    if (this.#journal.size >= ENTRY_LIMIT && !this.#journal.has(key))
      throw overLimit('another result of the execution', { limit: 'entries', maximum: ENTRY_LIMIT });
  }

  /** Whether a step may begin here now. */
  isOpen(key: string): boolean {
    return !this.#paused && this.goesOn(key);
  }

  /** Whether what is under way here can still be recorded. */
  goesOn(key: string): boolean {
    return !this.#stopped && !this.#isAbandoned(key);
  }

  /** Whether this life has ended, so that nothing is recorded any more. */
  get isStopped(): boolean {
    return this.#stopped;
  }

  /** Waits in memory for something in this process; the end of the engine does not wait for it. Never settles when it is given up. */
  async aside<T>(key: string, wait: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    this.#aborts.set(key, controller);
    this.#aside += 1;
    let came: { readonly value: T } | undefined;
    try {
      came = { value: await wait(controller.signal) };
    } catch (error) {
      if (!controller.signal.aborted) throw error;
    } finally {
      this.#aborts.delete(key);
      this.#aside -= 1;
      this.#settled();
    }
    return came === undefined ? never() : came.value;
  }

  /** Work that keeps the execution in memory; the signal is for whoever does it. */
  async during<T>(key: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    this.#aborts.set(key, controller);
    this.#active += 1;
    try {
      return await work(controller.signal);
    } finally {
      this.#aborts.delete(key);
      this.#active -= 1;
      this.#settled();
    }
  }

  /** Commits and gives the entry; never settles when the execution may not go on with it. */
  async commit(mutation: Mutation): Promise<JournalEntry> {
    return this.#given(await this.#write(mutation, NO_AFTERMATH));
  }

  /** Commits what begins under a key, as {@link commit} does, but not while the execution is paused: then it waits and tries again. */
  async begin(key: string, mutation: Mutation, { committed, unknown }: Aftermath = NO_AFTERMATH): Promise<JournalEntry> {
    for (;;) {
      await this.open(key);
      let isHeld = false;
      const entry = await this.#write(
        (transaction, at) => {
          isHeld = transaction.status(this.executionId) === 'paused';
          // Who paused it may not know that the commit succeeded; a resumption comes after this transaction.
          if (isHeld) this.#paused = true;
          return isHeld ? undefined : mutation(transaction, at);
        },
        { committed: () => (isHeld ? undefined : committed()), unknown },
      );
      if (!isHeld) return this.#given(entry);
    }
  }

  /** Writes what is noted under a key without waiting: a later commit that is waited for carries it, in order. */
  note(mutation: Note, key: string): void {
    this.host.store
      .write((transaction) => {
        if (!this.isOver(transaction, key)) this.#ifOpen(transaction, mutation);
      })
      .catch((error: unknown) => this.host.storeFailed(this.executionId, error));
  }

  /**
   * Notes something under a key in the next turn of the event loop. Whoever calls the result before gets the mutation and writes it together
   * with what follows; later there is none.
   */
  noteSoon(mutation: Note, key: string): () => Note | undefined {
    let pending: Note | undefined = mutation;
    const take = (): Note | undefined => {
      const taken = pending;
      pending = undefined;
      return taken;
    };
    setImmediate(() => {
      const left = take();
      if (left !== undefined && !this.#stopped) this.note(left, key);
    });
    return take;
  }

  /** Waits for the result of what is recorded as waiting. A failure is thrown. */
  async received(key: string): Promise<Json> {
    // An answer may share the commit of its question: then it is here before anybody waits for it.
    const early = this.recorded(key);
    if (early !== undefined) return early.value;
    const entry = await new Promise<JournalEntry>((resolve) => {
      this.#waiters.set(key, resolve);
      this.#settled();
    });
    if (entry.state === 'failed') throw WorkflowError.fromJson(entry.value);
    return entry.value;
  }

  /** Calls `wake` when the entry of a key is received; the result tells whether it was still waited for, and ends that. */
  watch(key: string, wake: () => void): () => boolean {
    this.#waiters.set(key, wake);
    return () => this.#waiters.delete(key);
  }

  /** Gives parts up in memory: what is under way there gets its signal, and nothing new begins. */
  abandon(parts: readonly string[]): void {
    this.#abandoned.push(...parts);
    for (const [key, controller] of this.#aborts) if (this.#isAbandoned(key)) controller.abort();
    for (const key of this.#waiters.keys()) if (this.#isAbandoned(key)) this.#waiters.delete(key);
  }

  /**
   * Whether the part of a key was given up, as the transaction sees it: a time-out may be recorded there that this life has
   * not heard of, when both came in one turn of the event loop.
   */
  isOver(transaction: StoreTransaction, key: string): boolean {
    if (this.#isAbandoned(key)) return true;
    return [...this.#waiters.keys()].some(
      (watched) =>
        isDeadlineKey(watched) &&
        isUnder(key, watchedPart(watched)) &&
        transaction.entry(this.executionId, watched)?.state === 'done',
    );
  }

  #isAbandoned(key: string): boolean {
    return this.#abandoned.some((part) => isUnder(key, part));
  }

  #given(entry: JournalEntry | undefined): Promise<JournalEntry> | JournalEntry {
    if (entry === undefined || this.#stopped) return never();
    if (this.#journal.get(entry.key)?.recordedAt == null) this.#journal.set(entry.key, entry);
    if (entry.dueAt !== null) this.host.timerRecorded(entry.dueAt);
    return entry;
  }

  async #write(mutation: Mutation, { committed, unknown }: Aftermath): Promise<JournalEntry | undefined> {
    if (this.#stopped) return undefined;
    this.#active += 1;
    this.#rests = false;
    let rests = false;
    try {
      const entry = await this.host.store.write((transaction) =>
        this.#ifOpen(transaction, (open, at) => {
          const changed = standingStill(open, this.executionId, mutation(open, at));
          if (changed !== undefined && this.isOver(open, changed.key)) throw new GivenUp();
          rests = changed?.state === 'waiting' && !this.#forked && RESTING.has(changed.kind);
          if (rests) open.setResting(this.executionId);
          return changed;
        }),
      );
      this.#rests = rests;
      committed();
      return entry;
    } catch (error) {
      if (!(error instanceof GivenUp)) {
        this.host.storeFailed(this.executionId, error);
        unknown(error);
      }
      return undefined;
    } finally {
      this.#active -= 1;
      this.#settled();
    }
  }

  #ifOpen<T>(transaction: StoreTransaction, mutation: (transaction: StoreTransaction, at: number) => T): T | undefined {
    const status = transaction.status(this.executionId);
    if (status === undefined || isFinal(status)) return undefined;
    return mutation(transaction, this.host.clock.now());
  }

  /** The interpreter goes on in microtasks; once they are through, what is still parked stays parked. */
  #settled(): void {
    if (this.#active === 0 && !this.#stopped) setImmediate(() => this.host.idle(this.executionId));
  }
}

/** What was under way when the execution was paused still records what it waits for; its timer starts with `resume`. */
function standingStill(
  transaction: StoreTransaction,
  executionId: string,
  entry: JournalEntry | undefined,
): JournalEntry | undefined {
  if (entry === undefined || entry.dueAt === null || transaction.status(executionId) !== 'paused') return entry;
  const still: JournalEntry = { ...entry, dueAt: null, remainingMs: Math.max(0, entry.dueAt - entry.createdAt) };
  transaction.putEntry(executionId, still);
  return still;
}
