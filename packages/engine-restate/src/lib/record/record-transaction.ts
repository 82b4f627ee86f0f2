import type {
  EarlyAnswer,
  Execution,
  ExecutionChange,
  ExecutionEvent,
  ExecutionPage,
  ExecutionStatus,
  JournalEntry,
  StoreTransaction,
  StoredDefinition,
  StoredHumanTask,
} from '@loopwright/engine';
import type { Changes, ExecutionRecord, NewExecution } from './execution-record.ts';

/**
 * The engine's transaction over the record of one execution: the same transitions run on it as on the embedded store.
 * It changes the record it was given, and {@link changes} tells what. What lies outside the execution is not there, but for executions that are
 * started here: what goes to others follows from the changes, as messages.
 */
export class RecordTransaction implements StoreTransaction {
  readonly #record: ExecutionRecord;
  readonly #entries = new Set<string>();
  readonly #tasks = new Set<string>();
  readonly #events: ExecutionEvent[] = [];
  readonly #started = new Map<string, NewExecution>();
  #isTouched = false;
  #hasOutput = false;

  constructor(record: ExecutionRecord) {
    this.#record = record;
  }

  /** All of it is in memory. */
  together<T>(read: () => T): T {
    return read();
  }

  /** What was changed, or `undefined` when nothing was. */
  changes(): Changes | undefined {
    const { execution, entries, tasks, early, listening } = this.#record;
    if (!this.#isTouched) return undefined;
    return {
      execution: { ...execution, input: null, output: this.#hasOutput ? execution.output : null },
      entries: [...this.#entries].flatMap((key) => entries.get(key) ?? []),
      tasks: [...this.#tasks].flatMap((id) => tasks.get(id) ?? []),
      early,
      listening,
      events: this.#events,
      started: [...this.#started.values()],
    };
  }

  execution(id: string): Execution | undefined {
    return id === this.#id ? this.#record.execution : this.#started.get(id)?.execution;
  }

  parent(id: string): Execution['parent'] {
    return this.execution(id)?.parent ?? null;
  }

  projectOf(id: string): string | undefined {
    return this.execution(id)?.projectId;
  }

  status(id: string): ExecutionStatus | undefined {
    return this.execution(id)?.status;
  }

  journal(executionId: string): JournalEntry[] {
    return executionId === this.#id ? [...this.#record.entries.values()] : [];
  }

  entry(executionId: string, key: string): JournalEntry | undefined {
    return executionId === this.#id ? this.#record.entries.get(key) : undefined;
  }

  keyedEntry(executionId: string, key: string): JournalEntry | undefined {
    return this.entry(executionId, key);
  }

  humanTask(id: string): StoredHumanTask | undefined {
    return this.#record.tasks.get(id);
  }

  humanTasks({ state, limit }: { executionId?: string; state?: StoredHumanTask['state']; limit: number }): StoredHumanTask[] {
    return [...this.#record.tasks.values()].filter((task) => state === undefined || task.state === state).slice(0, limit);
  }

  earlyAnswer(_executionId: string, step: string): EarlyAnswer | undefined {
    return this.#record.early.find((early) => early.step === step);
  }

  /** What is counted of this execution; its events by the number of the last. */
  count(what: 'definitions' | 'events' | 'open-questions' | 'early-answers' | 'listeners'): number {
    switch (what) {
      case 'events':
        return this.#record.lastSeq;
      case 'open-questions':
        return [...this.#record.tasks.values()].filter(({ state }) => state === 'open').length;
      case 'early-answers':
        return this.#record.early.length;
      case 'listeners':
        return this.#record.listening.length;
      case 'definitions':
        throw elsewhere('count definitions');
    }
  }

  listeners(type: string): { executionId: string; key: string }[] {
    const keys = this.#record.listening.filter((one) => one.type === type || one.type === '').map(({ key }) => key);
    return [...new Set(keys)].map((key) => ({ executionId: this.#id, key }));
  }

  updateExecution(id: string, change: ExecutionChange, at: number): void {
    const started = this.#started.get(id);
    if (started !== undefined) {
      this.#started.set(id, { ...started, execution: changed(started.execution, change, at) });
      return;
    }
    if (id !== this.#id) throw elsewhere('change another execution');
    this.#record.execution = changed(this.#record.execution, change, at);
    this.#hasOutput ||= change.output !== undefined;
    this.#isTouched = true;
  }

  setResting(): void {
    // Restate knows by itself what is to be woken: an execution that waits has no invocation.
  }

  putEntry(executionId: string, entry: JournalEntry): void {
    if (executionId !== this.#id) throw elsewhere('write into the journal of another execution');
    this.#record.entries.set(entry.key, entry);
    this.#entries.add(entry.key);
    this.#isTouched = true;
  }

  insertHumanTask(task: StoredHumanTask): void {
    this.#record.tasks.set(task.id, task);
    this.#tasks.add(task.id);
    this.#isTouched = true;
  }

  updateHumanTask(id: string, change: Pick<StoredHumanTask, 'state'> & Partial<StoredHumanTask>): void {
    const task = this.#record.tasks.get(id);
    if (task !== undefined) this.insertHumanTask({ ...task, ...change });
  }

  putEarlyAnswer(answer: EarlyAnswer): void {
    this.#record.early = [...this.#record.early, answer];
    this.#isTouched = true;
  }

  deleteEarlyAnswer(_executionId: string, step: string): void {
    this.#record.early = this.#record.early.filter((early) => early.step !== step);
    this.#isTouched = true;
  }

  addListener(type: string, _executionId: string, key: string): void {
    this.#record.listening = [...this.#record.listening, { type, key }];
    this.#isTouched = true;
  }

  removeListeners(_executionId: string, key: string): void {
    this.#record.listening = this.#record.listening.filter((one) => one.key !== key);
    this.#isTouched = true;
  }

  appendEvent(event: Omit<ExecutionEvent, 'seq'>): void {
    const started = this.#started.get(event.executionId);
    if (started !== undefined) {
      const events = [...started.events, { ...event, seq: started.events.length + 1 }];
      this.#started.set(event.executionId, { ...started, events });
      return;
    }
    if (event.executionId !== this.#id) throw elsewhere('tell something of another execution');
    this.#record.lastSeq += 1;
    this.#events.push({ ...event, seq: this.#record.lastSeq });
    this.#isTouched = true;
  }

  insertExecution(execution: Execution): void {
    this.#started.set(execution.id, { execution, events: [] });
    this.#isTouched = true;
  }

  get #id(): string {
    return this.#record.execution.id;
  }

  // What follows has no place in the record of one execution: no transition that runs here asks for it.

  /** Budgets and queues are refused at the start: nothing limits what runs here. */
  get limits(): StoreTransaction['limits'] {
    return NO_LIMITS;
  }

  get schedules(): StoreTransaction['schedules'] {
    throw elsewhere('read schedules');
  }
  definitionsOf(): StoredDefinition[] {
    throw elsewhere('list definitions');
  }
  projects(): string[] {
    throw elsewhere('list projects');
  }
  executionCounts(): Partial<Record<ExecutionStatus, number>> {
    throw elsewhere('count executions');
  }
  openQuestions(): never {
    throw elsewhere('count questions');
  }
  openOnOther(): never {
    throw elsewhere('list executions');
  }
  withoutWakeUp(): Execution[] {
    throw elsewhere('list executions');
  }
  openDigests(): string[] {
    throw elsewhere('list definitions');
  }
  firstEvent(): number | undefined {
    throw elsewhere('list events');
  }
  eventsAfter(): never {
    throw elsewhere('list events');
  }
  lastPosition(): number {
    throw elsewhere('list events');
  }
  eventOwner(): never {
    throw elsewhere('list events');
  }
  announce(): void {
    throw elsewhere('announce what no execution has');
  }
  dropPositions(): boolean {
    throw elsewhere('forget positions');
  }
  compactEnded(): boolean {
    throw elsewhere('compact executions');
  }
  removeEnded(): boolean {
    throw elsewhere('remove executions');
  }
  probe(): void {
    throw elsewhere('be probed');
  }
  definition(): StoredDefinition | undefined {
    throw elsewhere('read a definition');
  }
  digestOf(): string | undefined {
    throw elsewhere('look for a definition');
  }
  children(): string[] {
    return [];
  }
  executions(): ExecutionPage {
    throw elsewhere('list executions');
  }
  unfinished(): string[] {
    throw elsewhere('list executions');
  }
  completedSteps(): string[] {
    throw elsewhere('list the steps');
  }
  due(): { executionId: string; entry: JournalEntry }[] {
    throw elsewhere('list timers');
  }
  nextDue(): number | undefined {
    throw elsewhere('list timers');
  }
  events(): ExecutionEvent[] {
    throw elsewhere('list events');
  }
  putDefinition(): void {
    throw elsewhere('store a definition');
  }
}

const NO_LIMITS: StoreTransaction['limits'] = {
  hasBudgets: () => false,
  payers: () => [],
  budget: () => undefined,
  addition: () => undefined,
  admission: () => undefined,
  waiting: () => [],
  waitingWorkflows: () => [],
  position: () => ({ place: 1, length: 1 }),
  admitted: () => [],
  putBudget: () => {
    throw elsewhere('limit an execution');
  },
  putAddition: () => {
    throw elsewhere('limit an execution');
  },
  putAdmission: () => {
    throw elsewhere('limit an execution');
  },
};

function changed(before: Execution, change: ExecutionChange, at: number): Execution {
  const statusSince = change.status === undefined ? before.statusSince : (change.statusSince ?? at);
  return { ...before, ...change, statusSince, updatedAt: at };
}

function elsewhere(what: string): Error {
  return new Error(`Cannot ${what}: the record holds one execution`);
}
