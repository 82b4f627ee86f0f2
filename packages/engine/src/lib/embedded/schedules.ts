import { PlatformError, canonicalJson } from '@loopwright/protocol';
import type { WorkflowDefinition } from '../definition/definition.ts';
import { endOf } from '../definition/duration.ts';
import type { Schedule } from '../definition/schedule.ts';
import { beginListener } from '../event/begin-listener.ts';
import { type CloudEvent, type Listener, listenedTypes } from '../event/listener.ts';
import { type ExecutionEvent, type ProjectScope, isFinal } from '../execution/execution.ts';
import { type StoredSchedule, firstDue } from '../schedule/stored-schedule.ts';
import { includesProject } from '../store/project-condition.ts';
import type { StoreTransaction } from '../store/store.ts';
import { offerEvent } from './offer-event.ts';
import { DEFAULT_PROJECT, type ScheduleParts, startDecided, startDue, unfinished } from './start-scheduled.ts';

/** How many starts by events are taken up at once. */
const BATCH = 100;
/** How long to wait when an execution cannot be started now, in milliseconds. */
const RETRY_MS = 5000;

/**
 * Starts executions at their times, after one another and by events.
 *
 * C1 The id of an execution is made of what starts it (workflow, and due time or events), and the schedule moves on after the start: whatever
 * happens between, the same execution is started once. C2 An event and the start it decides are one transaction.
 * C3 What was due while no process ran is started once, not as often as it was due. What comes due while a start is being written is not
 * missed: it is started next.
 */
export class Schedules {
  readonly #parts: ScheduleParts;
  /** For each schedule that waits for events: its listener with nothing taken. */
  readonly #fresh = new Map<string, Listener>();
  /** Executions whose end a schedule of `after` waits for. */
  #awaited = new Set<string>();
  #cancel: () => void = () => undefined;
  #round: Promise<void> = Promise.resolve();
  #isAsked = false;
  #isOpen = false;

  constructor(parts: ScheduleParts) {
    this.#parts = parts;
  }

  /** Writes the schedule of a definition in place of the one before; one that is equal keeps its rhythm, and a paused one stays paused. */
  register(transaction: StoreTransaction, { name, document, source }: WorkflowDefinition, projectId: string): void {
    const { schedules } = transaction;
    const before = schedules.get(name);
    const { schedule } = document;
    if (schedule === undefined) return before === undefined ? undefined : schedules.delete(name);
    const rule = source['schedule'] ?? null;
    if (before !== undefined && canonicalJson(before.rule) === canonicalJson(rule))
      // What another project told is not for the executions of this one.
      return schedules.put({ ...before, projectId, waiting: before.projectId === projectId ? before.waiting : [] });
    const now = this.#parts.clock.now();
    const { kind } = schedule;
    const state = before?.state ?? 'active';
    const dueAt = state === 'paused' ? null : this.#dueFrom(now, schedule, before);
    const last = { lastStartedAt: before?.lastStartedAt ?? null, lastExecutionId: before?.lastExecutionId ?? null };
    const counted = { starts: before?.starts ?? 0, lastError: null, running: before?.running ?? [], waiting: [] };
    schedules.put({ workflow: name, kind, rule, state, projectId, dueAt, ...last, ...counted, createdAt: now });
  }

  /** Takes note of a definition that was registered. */
  registered({ name, document }: WorkflowDefinition): void {
    const { schedule } = document;
    this.#fresh.delete(name);
    if (schedule?.kind === 'on') {
      const at = { expressions: this.#parts.expressions, input: null, variables: {} };
      this.#fresh.set(name, beginListener(schedule.on, { read: 'envelope' }, at));
    }
    this.wake();
  }

  /** Begins to start executions, what was missed first. */
  open(): void {
    this.#isOpen = true;
    this.wake();
  }

  /** Stops; resolves when nothing is being started any more. */
  stop(): Promise<void> {
    this.#isOpen = false;
    this.#cancel();
    return this.#round;
  }

  /** The schedules of the definitions that can be started, by the name of the workflow. */
  list(): StoredSchedule[] {
    return this.#parts.store.read.schedules.list().filter(({ workflow }) => this.#scheduleOf(workflow) !== undefined);
  }

  /** Stops a schedule: what would be due, and events that come, start nothing. Throws WORKFLOW_NOT_FOUND or INVALID_STATE. */
  pause(workflow: string): Promise<StoredSchedule> {
    return this.#change(workflow, 'pause', (row) => ({ ...row, state: 'paused', dueAt: null }));
  }

  /** Lets a schedule go on from now; what it left out stays left out. Throws WORKFLOW_NOT_FOUND or INVALID_STATE. */
  async resume(workflow: string): Promise<StoredSchedule> {
    const now = this.#parts.clock.now();
    const resumed = await this.#change(workflow, 'resume', (row, schedule) => ({
      ...row,
      state: 'active',
      dueAt: this.#dueFrom(now, schedule, row),
    }));
    this.wake();
    return resumed;
  }

  /**
   * Shows an event to the schedules of some projects that wait for its type; gives how many starts it decided. Call {@link wake} after the commit
   * if there are some.
   */
  offer(
    transaction: StoreTransaction,
    event: CloudEvent,
    { at, projects }: { at: number; projects?: ProjectScope | undefined },
  ): number {
    const { expressions } = this.#parts;
    let decided = 0;
    for (const [workflow, fresh] of this.#fresh) {
      const types = listenedTypes(fresh);
      if (!types.includes(event.type) && !types.includes('')) continue;
      if (!includesProject(projects, transaction.schedules.get(workflow)?.projectId ?? DEFAULT_PROJECT)) continue;
      if (offerEvent(transaction, event, { workflow, fresh, at, expressions })) decided += 1;
    }
    return decided;
  }

  /** Takes note of what happened in executions: the end of one may let its schedule go on. */
  noticed(events: readonly ExecutionEvent[]): void {
    const isEnd = ({ type }: ExecutionEvent): boolean => type === 'completed' || type === 'failed' || type === 'cancelled';
    if (this.#awaited.size > 0 && events.some((event) => isEnd(event) && this.#awaited.has(event.executionId))) this.wake();
  }

  /** Looks at what is to be started now, in a round of its own behind the one under way. */
  wake(): void {
    if (!this.#isOpen || this.#isAsked) return;
    this.#isAsked = true;
    this.#round = this.#lookAfter(this.#round);
  }

  async #lookAfter(previous: Promise<void>): Promise<void> {
    await previous;
    this.#isAsked = false;
    if (!this.#isOpen) return;
    const isDone = await this.#attempt(() => this.#startAll());
    await this.#attempt(async () => this.#arm(isDone ? undefined : this.#parts.clock.now() + RETRY_MS));
  }

  /** Starts what events decided and what is due; gives whether nothing is left to be tried again. */
  async #startAll(): Promise<boolean> {
    const { store, clock, definitions } = this.#parts;
    const decided = store.read.schedules.starts(BATCH).filter(({ workflow }) => definitions.has(workflow));
    await this.#restAfterEnd();
    const now = clock.now();
    const due = this.list().filter(({ dueAt }) => dueAt !== null && dueAt <= now);
    const results = await Promise.all([
      ...decided.map((start) => this.#attempt(() => startDecided(this.#parts, start))),
      ...due.map((row) => this.#attempt(() => startDue(this.#parts, row, now))),
    ]);
    const isDone = !results.includes(false);
    if (isDone && decided.length > 0) this.wake();
    return isDone;
  }

  /** Whether it was done; what it throws is reported. */
  async #attempt(run: () => Promise<boolean | void>): Promise<boolean> {
    try {
      return (await run()) !== false;
    } catch (error) {
      this.#parts.onTrouble?.('Cannot start what is scheduled', error);
      return false;
    }
  }

  /** Sets the due times of schedules of `after` whose execution has ended. */
  async #restAfterEnd(): Promise<void> {
    const { store, clock } = this.#parts;
    const now = clock.now();
    const rows = this.list().filter(({ kind, state, dueAt }) => kind === 'after' && state === 'active' && dueAt === null);
    for (const { workflow } of rows.filter((row) => unfinished(this.#parts, row).length === 0)) {
      await store.write(({ schedules }) => {
        const row = schedules.get(workflow);
        const schedule = this.#scheduleOf(workflow);
        if (row?.state !== 'active' || row.dueAt !== null || schedule?.kind !== 'after') return;
        const endedAt = row.lastExecutionId === null ? null : store.read.execution(row.lastExecutionId)?.completedAt;
        schedules.put({ ...row, running: [], dueAt: endOf(schedule.interval, endedAt ?? now) });
      });
    }
  }

  /** Sets the timer for what is due next, and looks who waits for the end of an execution. */
  #arm(retryAt: number | undefined): void {
    if (!this.#isOpen) return;
    const rows = this.list();
    // A paused one waits for nothing.
    const resting = rows.filter(({ kind, state, dueAt }) => kind === 'after' && state === 'active' && dueAt === null);
    this.#awaited = new Set(resting.flatMap(({ running }) => running));
    const { store, clock } = this.#parts;
    const hasEnded = [...this.#awaited].some((id) => isFinal(store.read.status(id) ?? 'completed'));
    const now = clock.now();
    const times = rows.flatMap(({ dueAt }) => dueAt ?? []);
    // What is overdue is what could not be started: it is tried again at its own time.
    const upcoming = retryAt === undefined ? times : [retryAt, ...times.filter((time) => time > now)];
    const next = hasEnded && retryAt === undefined ? now : Math.min(...upcoming);
    this.#cancel();
    if (Number.isFinite(next)) this.#cancel = clock.schedule(Math.max(0, next - now), () => this.wake());
  }

  async #change(
    workflow: string,
    verb: 'pause' | 'resume',
    change: (row: StoredSchedule, schedule: Schedule) => StoredSchedule,
  ): Promise<StoredSchedule> {
    if (!this.#parts.definitions.has(workflow)) {
      throw new PlatformError('WORKFLOW_NOT_FOUND', `Cannot ${verb} the schedule of "${workflow}": there is no such workflow`);
    }
    return this.#parts.store.write(({ schedules }) => {
      const row = schedules.get(workflow);
      const schedule = this.#scheduleOf(workflow);
      if (row === undefined || schedule === undefined)
        throw new PlatformError('INVALID_STATE', `Cannot ${verb} the schedule of "${workflow}": it has none`);
      if ((row.state === 'paused') === (verb === 'pause'))
        throw new PlatformError('INVALID_STATE', `Cannot ${verb} the schedule of "${workflow}": it is ${row.state}`, {
          details: { state: row.state },
        });
      const changed = change(row, schedule);
      schedules.put(changed);
      return changed;
    });
  }

  /** When a schedule that goes on now is due; one of `after` waits for the end of what is under way. */
  #dueFrom(now: number, schedule: Schedule, before: StoredSchedule | undefined): number | null {
    const waitsForEnd = schedule.kind === 'after' && before !== undefined && unfinished(this.#parts, before).length > 0;
    return waitsForEnd ? null : firstDue(schedule, now);
  }

  #scheduleOf(workflow: string): Schedule | undefined {
    return this.#parts.definitions.get(workflow)?.document.schedule;
  }
}
