import type { Json } from '@loopwright/protocol';
import type {
  EarlyAnswer,
  Execution,
  ExecutionChange,
  ExecutionEvent,
  ExecutionPage,
  ExecutionQuery,
  HumanTaskQuery,
  ExecutionStatus,
  JournalEntry,
  ProjectScope,
  StoredDefinition,
  StoredHumanTask,
} from '../execution/execution.ts';
import type { LimitsReader, LimitsWriter } from './limits-store.ts';
import type { EventFilter, EventOwner, EventPage } from './event-page.ts';
import type { Notice } from './notices.ts';
import type { ScheduleReader, ScheduleTable } from './schedule-table.ts';

/** A journal entry with the execution it belongs to. */
export interface OwnedEntry {
  readonly executionId: string;
  readonly entry: JournalEntry;
}

/** Open questions of one project that are for the same. */
export interface OpenQuestions {
  readonly projectId: string;
  /** As the questions have it; `null` when they are for anybody. */
  readonly assignee: Json;
  readonly count: number;
}

/** What is counted because it has a limit. */
export type Counted = 'definitions' | 'events' | 'open-questions' | 'early-answers' | 'listeners';

/** What can be read. Outside a transaction only committed data is seen. */
export interface StoreReader {
  /** Runs several reads at once, with the locks of the database taken once for all of them. They may not wait for anything. */
  together<T>(read: () => T): T;
  /** Budgets and queues. */
  readonly limits: LimitsReader;
  readonly schedules: ScheduleReader;
  definition(digest: string): StoredDefinition | undefined;
  /** The definitions that were registered under a name, the newest first; at most 1000. */
  definitionsOf(name: string): StoredDefinition[];
  execution(id: string): Execution | undefined;
  /** The execution that runs one by `run: workflow`, and the key of the task that does; `null` for one that nobody runs. */
  parent(id: string): Execution['parent'];
  /** Ids of the executions that one runs or ran by `run: workflow`, the oldest first. */
  children(id: string): string[];
  /** The digest of the definition with a name and a version; of several the one that was registered last. */
  digestOf(name: string, version: string): string | undefined;
  /** The project alone; `undefined` when there is no such execution. */
  projectOf(id: string): string | undefined;
  /** The status alone, which costs less than the execution. */
  status(id: string): ExecutionStatus | undefined;
  executions(query: ExecutionQuery): ExecutionPage;
  /** The projects that have executions, after a name, in the order of their names. */
  projects(page: { after: string; limit: number; projects?: ProjectScope }): string[];
  /** How many executions of some projects are pinned to a definition, by status; of each status no more than `limit` are counted. */
  executionCounts(digest: string, limit: number, projects?: ProjectScope): Partial<Record<ExecutionStatus, number>>;
  /** Executions of a workflow that have not ended and are pinned to another definition than this one, the oldest first; `next` is the `after` of the next page. */
  openOnOther(
    workflow: string,
    digest: string,
    page: { limit: number; after?: number | undefined; projects?: ProjectScope | undefined },
  ): { readonly executions: Execution[]; readonly next: number | null };
  /** Executions that have not moved since `before` and that nothing will wake: paused, or with neither a step nor a wait. The oldest first. */
  withoutWakeUp(before: number, limit: number, projects?: ProjectScope): Execution[];
  /** The definitions that executions which have not ended are pinned to. */
  openDigests(): string[];
  /** Ids of the executions that must be looked at after a restart: those that are not paused and do not rest. */
  unfinished(): string[];
  journal(executionId: string): JournalEntry[];
  /** The entry of a key. When it is the result of a step, or when there is none, all results of the execution are looked through. */
  entry(executionId: string, key: string): JournalEntry | undefined;
  /** Names of the steps that are done, in the order they were recorded, each once. */
  completedSteps(executionId: string): string[];
  /** Entries whose timer is due at `now`, earliest first. */
  due(now: number, limit: number): OwnedEntry[];
  nextDue(): number | undefined;
  humanTask(id: string): StoredHumanTask | undefined;
  /** The oldest first, of these projects only when some are named; behind the one with this time and id, when `after` is given. */
  humanTasks(query: HumanTaskQuery): StoredHumanTask[];
  /** How many questions of some projects are open, by project and by whom they are for. */
  openQuestions(projects?: ProjectScope): OpenQuestions[];
  events(executionId: string, after: number, limit: number): ExecutionEvent[];
  /** The events of all executions behind a position, in the order of their commits; about `limit` of them, or fewer: go on with `next`. */
  eventsAfter(position: number, filter: EventFilter, limit: number): EventPage;
  /** The position of the newest event of all executions; 0 before the first one. */
  lastPosition(): number;
  /** Whose the events of an execution are, which costs less than the execution. */
  eventOwner(executionId: string): EventOwner | undefined;
  earlyAnswer(executionId: string, step: string): EarlyAnswer | undefined;
  /**
   * Number of the earliest event that is still there: 1, or more when the history of an ended execution was compacted, or `undefined`
   * without any. A cursor before it has a gap.
   */
  firstEvent(executionId: string): number | undefined;
  /** How many there are of something, of one execution unless they are definitions. Events that were compacted count. */
  count(what: Counted, executionId?: string): number;
  /** Who listens to events of a type, or to all. */
  listeners(type: string): { executionId: string; key: string }[];
}

/** What can be read and written inside one transaction. */
export interface StoreTransaction extends StoreReader {
  readonly limits: LimitsWriter;
  readonly schedules: ScheduleTable;
  putDefinition(definition: StoredDefinition): void;
  insertExecution(execution: Execution): void;
  updateExecution(id: string, change: ExecutionChange, at: number): void;
  /** The entry of a key that is not the result of a step; found at once. */
  keyedEntry(executionId: string, key: string): JournalEntry | undefined;
  /** Puts an entry; one that is not `waiting` ends what {@link setResting} said. */
  putEntry(executionId: string, entry: JournalEntry): void;
  /** Says that all that is left to do waits for entries that are `waiting`: a restart need not look at the execution. */
  setResting(executionId: string): void;
  insertHumanTask(task: StoredHumanTask): void;
  updateHumanTask(id: string, change: Pick<StoredHumanTask, 'state'> & Partial<StoredHumanTask>): void;
  putEarlyAnswer(answer: EarlyAnswer): void;
  deleteEarlyAnswer(executionId: string, step: string): void;
  addListener(type: string, executionId: string, key: string): void;
  removeListeners(executionId: string, key: string): void;
  /**
   * Compacts a batch of the executions that ended at or before a time (milliseconds since 1970-01-01 UTC): their journals and their events but the
   * last one are gone. Gives whether there may be more to do.
   */
  compactEnded(endedBefore: number): boolean;
  /** Removes a batch of the executions that ended at or before a time, with all that belongs to them; the newest execution stays. */
  removeEnded(endedBefore: number): boolean;
  /**
   * Forgets the places in the order of all executions of a batch of the events that were committed before a time; each execution keeps its own
   * events. Gives whether there may be more to do.
   */
  dropPositions(before: number): boolean;
  /** Writes something that nobody reads, to learn whether the store can be written. */
  probe(): void;
  /** Tells something that no execution has, in the order of all events; the same id again has no effect. */
  announce(notice: Notice, at: number): void;
  /** Appends an event; the store counts it. */
  appendEvent(event: Omit<ExecutionEvent, 'seq'>): void;
}

/**
 * Where executions live. One process at a time owns a store.
 *
 * S1 `write` resolves only after its transaction is committed; transactions take effect in the order of the calls.
 * S2 A mutation that throws changes nothing, rejects its own `write` and no other's. It may be called several times (its group
 * is repeated when one of them throws), so it must not act on anything but the transaction.
 * S3 Events are handed to `onEvents` after their commit, in order.
 */
export interface Store extends AsyncDisposable {
  readonly read: StoreReader;
  write<T>(mutation: (transaction: StoreTransaction) => T): Promise<T>;
}
