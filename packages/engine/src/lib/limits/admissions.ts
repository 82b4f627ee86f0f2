import { messageOf } from '@loopwright/protocol';
import { childOf } from '../execution/child-entry.ts';
import { type ExecutionStatus, isFinal } from '../execution/execution.ts';
import type { Admission } from '../store/limits-store.ts';
import type { Store, StoreTransaction } from '../store/store.ts';
import { openStatus } from '../embedded/open-human-task.ts';
import { FairShare, shareOf } from './fair-share.ts';
import { Slots } from './slots.ts';
import { startWallTime, stopWallTime } from './wall-time.ts';
import type { WorkflowLimits } from './workflow-limits.ts';

/** How many are admitted in one transaction. */
const BATCH = 64;
/** Waiting this long counts as much as one priority more, in milliseconds: nobody waits for ever behind more important ones. */
const AGEING_MS = 10 * 60 * 1000;
/** How long to wait when the store cannot be written, in milliseconds. */
const STORE_RETRY_MS = 5000;

/** What stands for an execution in the queue. */
export type Place = Pick<Admission, 'executionId' | 'workflow' | 'key' | 'priority'>;

/** What is told and asked. */
interface AdmissionsHost {
  readonly store: Store;
  readonly now: () => number;
  /** Calls `run` later. */
  readonly schedule: (delayMs: number, run: () => void) => void;
  /** Takes an execution up, which {@link Admissions.enter} may let wait. Gives whether it is in memory then. */
  readonly load: (executionId: string) => boolean;
  /** The store refused to write. */
  readonly refused: (message: string, error: unknown) => void;
}

/**
 * Who may run: at most so many executions in all, of a workflow, and of one key of a workflow. The others stand in queues in the store.
 *
 * A1 The slots that are out never pass a limit. A2 Whoever waits has the status `pending` and a place in the queue, in one transaction.
 * A3 In a workflow the smallest rank goes first: priority, then age. A4 Workflows take turns, in proportion to their weights and to the
 * priorities of those who wait; none waits for ever. A5 Slots live in memory, so that a crash gives all of them back; a definition with
 * `parked: hold` gets those of its parked executions again from the store.
 */
export class Admissions {
  readonly #host: AdmissionsHost;
  readonly #rules = new Map<string, WorkflowLimits>();
  readonly #slots: Slots;
  /** Workflows that may have a queue. */
  readonly #queues = new Set<string>();
  /** Executions that are being written into a queue. */
  readonly #queuing = new Set<string>();
  readonly #shares = new FairShare();
  #isOpen = false;
  #isPumping = false;
  #pumpAgain = false;
  #stopped = false;

  /** `limit` is the most executions that run at once, of all workflows together. */
  constructor(host: AdmissionsHost, limit = Infinity) {
    this.#host = host;
    this.#slots = new Slots(limit);
  }

  /** The limits of a workflow from now on, for executions of older versions too. */
  setRule(workflow: string, limits: WorkflowLimits): void {
    this.#rules.set(workflow, limits);
    this.#pump();
  }

  rule(workflow: string): WorkflowLimits {
    return this.#rules.get(workflow) ?? {};
  }

  /** Whether executions of a workflow need a slot. */
  needsSlot(workflow: string): boolean {
    const { concurrency } = this.rule(workflow);
    return this.#slots.limit !== Infinity || concurrency?.limit !== undefined || concurrency?.key !== undefined;
  }

  /** Gives the slots of parked executions back to those that hold them. Call it before the executions that ran are taken up: they go first. */
  recover(): void {
    for (const { executionId, workflow, key } of this.#host.store.read.limits.admitted()) {
      if (this.#holds(workflow)) this.#slots.take(executionId, { workflow, key, isUsed: true });
    }
  }

  /** Lets those in the queues go on from now on. */
  open(): void {
    this.#isOpen = true;
    for (const workflow of this.#host.store.read.limits.waitingWorkflows()) this.#queues.add(workflow);
    this.#pump();
  }

  /** Takes a slot at once if one is free and nobody waits for it. Gives whether it did; {@link use} or {@link leave} must follow. */
  reserve({ executionId, workflow, key }: Place): boolean {
    const isBehind = this.#isOpen && this.#queues.has(workflow);
    if (isBehind || this.#slots.get(executionId) !== undefined || !this.#hasRoom({ workflow, key })) return false;
    this.#slots.take(executionId, { workflow, key, isUsed: false });
    return true;
  }

  /** The execution is stored as running: it may use the slot that was reserved for it. */
  use(executionId: string): void {
    const slot = this.#slots.get(executionId);
    if (slot !== undefined) slot.isUsed = true;
  }

  /** Whether an execution may be taken up now. If not, it is put into the queue and taken up when its turn has come. */
  enter(place: Place): boolean {
    const { executionId, workflow } = place;
    const slot = this.#slots.get(executionId);
    if (slot !== undefined) return slot.isUsed;
    if (!this.needsSlot(workflow)) return true;
    if (this.#queuing.has(executionId)) return false;
    if (this.#host.store.read.limits.admission(executionId)?.state === 'waiting') {
      this.wake(place);
      return false;
    }
    if (!this.reserve(place)) {
      this.#enqueue(place);
      return false;
    }
    this.use(executionId);
    if (this.#holds(workflow)) this.#hold(executionId);
    return true;
  }

  /** An execution is not in memory any more, or has ended: its slot is free unless it holds it while it is parked. */
  leave(executionId: string): void {
    const slot = this.#slots.get(executionId);
    if (slot === undefined || this.#stopped) return;
    if (slot.isUsed && this.#holds(slot.workflow)) {
      if (this.#keepsSlot(executionId)) return;
      this.forget(executionId);
    }
    this.#slots.free(executionId);
    this.#pump();
  }

  /** An execution that has ended needs no place in a queue, and holds no slot. */
  forget(executionId: string): void {
    // When the store refuses, it is passed over when its turn comes.
    this.#mark(executionId, 'free').catch(() => undefined);
  }

  /** An execution stands in the queue of its workflow. */
  wake(place: Place): void {
    this.#queues.add(place.workflow);
    if (this.#hasRoom(place)) this.#pump();
  }

  /** Nothing is admitted any more; the store is not looked at again. */
  stop(): void {
    this.#stopped = true;
  }

  /** Whether an execution goes on. One that waits for another execution must not keep the slot that the other one may need. */
  #keepsSlot(executionId: string): boolean {
    const { read } = this.#host.store;
    return (
      !isFinal(read.status(executionId) ?? 'cancelled') &&
      read.journal(executionId).every((entry) => childOf(entry) === undefined)
    );
  }

  #holds(workflow: string): boolean {
    return this.rule(workflow).concurrency?.parked === 'hold';
  }

  #hasRoom({ workflow, key }: Pick<Place, 'workflow' | 'key'>): boolean {
    return this.#slots.hasRoom({ workflow, key }, this.rule(workflow).concurrency);
  }

  #enqueue(place: Place): void {
    const { executionId } = place;
    this.#queuing.add(executionId);
    this.#write('Cannot put an execution into the queue', (transaction) => {
      const execution = transaction.execution(executionId);
      if (execution === undefined || isFinal(execution.status) || execution.status === 'paused') return;
      const at = this.#host.now();
      queue(transaction, place, { createdAt: execution.createdAt, at });
      stopWallTime(transaction, executionId, at);
      if (execution.status === 'running') transaction.updateExecution(executionId, { status: 'pending', statusSince: at }, at);
    })
      .finally(() => this.#queuing.delete(executionId))
      .then(
        () => this.#queued(place),
        () => this.#later([executionId]),
      );
  }

  #queued(place: Place): void {
    if (this.#stopped) return;
    const isWaiting = this.#host.store.read.limits.admission(place.executionId)?.state === 'waiting';
    // Else it was paused just then, and may have been resumed since.
    if (isWaiting) this.wake(place);
    else this.#host.load(place.executionId);
  }

  /** The store refused, and may have committed all the same: looks at the executions again. */
  #later(executionIds: readonly string[]): void {
    this.#host.schedule(STORE_RETRY_MS, () => {
      for (const executionId of executionIds) this.#host.load(executionId);
    });
  }

  /** Notes that an execution has a slot which it keeps while it is parked. */
  #hold(executionId: string): void {
    this.#mark(executionId, 'admitted').catch(() => this.#host.schedule(STORE_RETRY_MS, () => this.#hold(executionId)));
  }

  async #mark(executionId: string, state: Admission['state']): Promise<void> {
    const { limits } = this.#host.store.read;
    if (this.#stopped || (limits.admission(executionId)?.state ?? state) === state) return;
    await this.#write('Cannot note who has a slot', (transaction) => {
      const admission = transaction.limits.admission(executionId);
      if (admission !== undefined) transaction.limits.putAdmission({ ...admission, state });
    });
  }

  #pump(): void {
    this.#pumpAgain = true;
    if (!this.#isOpen || this.#isPumping || this.#stopped || this.#queues.size === 0) return;
    this.#isPumping = true;
    this.#admitAll().catch(() => this.#host.schedule(STORE_RETRY_MS, () => this.#pump()));
  }

  async #admitAll(): Promise<void> {
    try {
      while (this.#pumpAgain && !this.#stopped) {
        this.#pumpAgain = false;
        const chosen = this.#choose();
        if (chosen.length === 0) continue;
        this.#pumpAgain = true;
        await this.#admitThese(chosen);
      }
    } finally {
      this.#isPumping = false;
    }
  }

  async #admitThese(chosen: readonly Admission[]): Promise<void> {
    let admitted: readonly string[] = [];
    try {
      await this.#write('Cannot admit executions', (transaction) => {
        admitted = chosen.filter((admission) => this.#admit(transaction, admission)).map(({ executionId }) => executionId);
      });
    } catch (error) {
      for (const { executionId } of chosen) this.#slots.free(executionId);
      this.#later(chosen.map(({ executionId }) => executionId));
      throw error;
    }
    for (const executionId of admitted) this.use(executionId);
    for (const { executionId } of chosen) {
      if (!admitted.includes(executionId) || !this.#host.load(executionId)) this.#slots.free(executionId);
    }
  }

  /** Chooses who is next, as far as there is room, and takes their slots. */
  #choose(): Admission[] {
    const heads = new Map<string, Admission[]>();
    for (const workflow of this.#queues) {
      const { concurrency } = this.rule(workflow);
      const room = this.#slots.room(workflow, concurrency);
      if (room <= 0) continue;
      const fullKeys = this.#slots.fullKeys(workflow, concurrency);
      const first = this.#host.store.read.limits.waiting(workflow, fullKeys, Math.min(BATCH, room));
      if (first.length === 0 && fullKeys.length === 0) this.#queues.delete(workflow);
      heads.set(workflow, first);
    }
    const chosen: Admission[] = [];
    while (chosen.length < BATCH) {
      let next: { admission: Admission; share: number; turn: number } | undefined;
      for (const [workflow, waiting] of heads) {
        while (waiting[0] !== undefined && !this.#isAdmissible(waiting[0])) waiting.shift();
        const admission = waiting[0];
        if (admission === undefined) continue;
        const share = shareOf(admission.priority) * (this.rule(workflow).concurrency?.weight ?? 1);
        const turn = this.#shares.turn(workflow, share);
        if (next === undefined || turn < next.turn) next = { admission, share, turn };
      }
      if (next === undefined) return chosen;
      const { admission, share } = next;
      const { executionId, workflow, key } = admission;
      this.#slots.take(executionId, { workflow, key, isUsed: false });
      this.#shares.serve(workflow, share);
      chosen.push(admission);
    }
    return chosen;
  }

  #isAdmissible({ executionId, workflow, key }: Admission): boolean {
    return this.#slots.get(executionId) === undefined && this.#hasRoom({ workflow, key });
  }

  /** Takes an execution out of the queue; gives whether it is to go on. */
  #admit(transaction: StoreTransaction, admission: Admission): boolean {
    const { executionId, workflow } = admission;
    const status: ExecutionStatus = transaction.status(executionId) ?? 'cancelled';
    const goesOn = !isFinal(status) && status !== 'paused';
    const state = goesOn && this.#holds(workflow) ? 'admitted' : 'free';
    transaction.limits.putAdmission({ ...admission, state });
    if (!goesOn) return false;
    const at = this.#host.now();
    startWallTime(transaction, executionId, at);
    if (status !== 'pending') return true;
    transaction.updateExecution(executionId, { status: openStatus(transaction, executionId), statusSince: at }, at);
    transaction.appendEvent({ executionId, type: 'execution_admitted', step: null, at, data: {} });
    return true;
  }

  #write(what: string, mutation: (transaction: StoreTransaction) => void): Promise<void> {
    return this.#host.store.write(mutation).catch((error: unknown) => {
      this.#host.refused(`${what}: ${messageOf(error)}`, error);
      throw error;
    });
  }
}

/** Puts an execution into the queue of its workflow, by its priority and its age; once is enough. */
export function queue(transaction: StoreTransaction, place: Place, { createdAt, at }: { createdAt: number; at: number }): void {
  const { executionId, priority } = place;
  if (transaction.limits.admission(executionId)?.state === 'waiting') return;
  transaction.limits.putAdmission({ ...place, state: 'waiting', rank: createdAt - priority * AGEING_MS });
  transaction.appendEvent({ executionId, type: 'execution_queued', step: null, at, data: { priority } });
}
