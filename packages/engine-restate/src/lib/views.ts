import type { Execution, ExecutionEvent, Store, StoreReader, StoreTransaction, WorkflowDefinition } from '@loopwright/engine';
import type { Changes } from './record/execution-record.ts';
import type { Snapshot } from './record/messages.ts';

/** What views hold of a definition. */
export type ViewedDefinition = Pick<WorkflowDefinition, 'digest' | 'name' | 'version' | 'source'>;

/** Where views get what they do not have. */
export interface ViewSources {
  /** The whole of an execution; `null` when there is none. */
  record(executionId: string): Promise<Snapshot | null>;
  /** Events after a number, in parts; none when there are no more. */
  events(executionId: string, after: number): Promise<ExecutionEvent[]>;
  definition(digest: string): Promise<ViewedDefinition>;
  now(): number;
}

/** What can be shown of an execution: parts of it, or all. */
type Shown = Pick<Changes, 'execution' | 'entries' | 'tasks' | 'events'>;

/**
 * The views of this node: a store that shows what the executions' objects in Restate hold, and their event log. Everything in it can be made
 * again from Restate. Events have the numbers that their execution gave them, so that each is taken once and a gap is seen.
 */
export class Views {
  readonly #store: Store;
  readonly #sources: ViewSources;

  constructor(store: Store, sources: ViewSources) {
    this.#store = store;
    this.#sources = sources;
  }

  get read(): StoreReader {
    return this.#store.read;
  }

  /** Stores a definition, which executions refer to. */
  async define({ digest, name, version, source }: ViewedDefinition): Promise<void> {
    if (this.read.definition(digest) !== undefined) return;
    const createdAt = this.#sources.now();
    await this.#store.write((transaction) => transaction.putDefinition({ digest, name, version, source, createdAt }));
  }

  /** Shows what a transition changed; once, however often it is told. */
  async project(executionId: string, changes: Changes): Promise<void> {
    const first = changes.events[0]?.seq;
    const isComplete = first === 1 || (this.#has(executionId) && (first === undefined || this.#hasEvent(executionId, first - 1)));
    // This node has not seen the execution, or not all of it: another one did.
    if (!isComplete) await this.restore(executionId);
    await this.#show(changes);
  }

  /** Makes the views of an execution from what Restate holds of it; `undefined` when there is none. */
  async restore(executionId: string): Promise<Execution | undefined> {
    const record = await this.#sources.record(executionId);
    if (record === null) return undefined;
    await this.#show({ ...record, events: [] });
    for (let after = 0; after < record.lastSeq;) {
      const events = await this.#sources.events(executionId, after);
      if (events.length === 0) break;
      await this.#show({ ...record, entries: [], tasks: [], events });
      after = events.at(-1)?.seq ?? record.lastSeq;
    }
    return this.read.execution(executionId);
  }

  async #show(shown: Shown): Promise<void> {
    const { definitionDigest } = shown.execution;
    if (this.read.definition(definitionDigest) === undefined) await this.define(await this.#sources.definition(definitionDigest));
    await this.#store.write((transaction) => show(transaction, shown));
  }

  #has(executionId: string): boolean {
    return this.read.status(executionId) !== undefined;
  }

  #hasEvent(executionId: string, seq: number): boolean {
    return hasEvent(this.read, executionId, seq);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store[Symbol.asyncDispose]();
  }
}

function hasEvent(read: StoreReader, executionId: string, seq: number): boolean {
  return read.events(executionId, seq - 1, 1)[0]?.seq === seq;
}

function show(transaction: StoreTransaction, { execution, entries, tasks, events }: Shown): void {
  const { id, status, statusSince, currentStep, error, completedAt, updatedAt } = execution;
  if (transaction.status(id) === undefined) transaction.insertExecution(execution);
  else {
    const output = status === 'completed' ? { output: execution.output } : {};
    transaction.updateExecution(id, { status, statusSince, currentStep, error, completedAt, ...output }, updatedAt);
  }
  for (const entry of entries) transaction.putEntry(id, entry);
  for (const task of tasks) {
    if (transaction.humanTask(task.id) === undefined) transaction.insertHumanTask(task);
    else transaction.updateHumanTask(task.id, task);
  }
  for (const event of events) appendOnce(transaction, event);
}

function appendOnce(transaction: StoreTransaction, { seq, ...event }: ExecutionEvent): void {
  if (!hasEvent(transaction, event.executionId, seq)) transaction.appendEvent(event);
}
