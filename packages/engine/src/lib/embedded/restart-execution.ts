import { type Json, PlatformError } from '@loopwright/protocol';
import { type WorkflowDefinition, digestOf } from '../definition/definition.ts';
import { type Execution, type JournalEntry, isFinal } from '../execution/execution.ts';
import { type RestartRecord, restartEntry, restartRecordIn } from '../operation/restart-record.ts';
import { closedParts, reopened, sharedPrefix } from '../operation/shared-prefix.ts';
import { inheritLimits } from '../limits/child-plan.ts';
import type { StoreTransaction } from '../store/store.ts';
import type { Passed, Rehearsal } from './rehearsal.ts';

/** What begins an execution again as a new one. */
export interface RestartRequest {
  /** The execution whose record is shared; it has ended. */
  readonly executionId: string;
  /** Chosen by the caller: the same id again is the same execution. */
  readonly newId: string;
  /** Key or name of the task to begin again at, the last visit of that name; left out, the whole workflow. */
  readonly from?: string | undefined;
  /** In place of what that task got, before its `input.from`; without `from`, the input of the workflow. */
  readonly input?: Json | undefined;
  readonly startedBy: string;
}

/** What is to be done, worked out before anything is written. */
export interface RestartPlan {
  readonly source: Execution;
  readonly newId: string;
  readonly startedBy: string;
  readonly input: Json;
  readonly shared: readonly JournalEntry[];
  readonly record: RestartRecord;
}

type Rehearse = (journal: readonly JournalEntry[]) => Promise<Rehearsal>;

/** How often a part that is closed is opened to look for a task in it. */
const PARTS_OPENED = 50;

/** The execution that can begin again. Throws INVALID_STATE while it goes on: two would do the same work. */
export function requireEnded(execution: Execution, verb: string): void {
  if (isFinal(execution.status)) return;
  throw new PlatformError('INVALID_STATE', `Cannot ${verb} the execution: it is ${execution.status} and has not ended`, {
    details: { status: execution.status },
  });
}

/** Plans a restart from a task. Throws STEP_NOT_FOUND when the execution never came to it. */
export async function planRestart(
  { executionId, newId, from, input, startedBy }: RestartRequest,
  { source, journal, rehearse }: { source: Execution; journal: readonly JournalEntry[]; rehearse: Rehearse },
): Promise<RestartPlan> {
  const base = { source, newId, startedBy };
  if (from === undefined) {
    const record = { execution_id: executionId, task: null, key: null, shared: [], inputs: {} };
    return { ...base, input: input ?? source.input, shared: [], record };
  }
  const isMeant = (task: TaskPassed): boolean => task.key === from || task.name === from;
  const found = await find(journal, rehearse, isMeant);
  if (found === undefined)
    throw new PlatformError('STEP_NOT_FOUND', `Cannot begin again at "${from}": the execution never came to that task`);
  const shared = sharedPrefix(journal, found.passed, { key: found.task.key, dropsLater: true });
  return { ...base, input: source.input, shared, record: recordOf(journal, { executionId, task: found.task, shared, input }) };
}

/** Plans a retry: everything that ended outside of the task that failed is shared. An execution that failed outside of every task begins anew. */
export async function planRetry(
  { executionId, newId, startedBy }: Pick<RestartRequest, 'executionId' | 'newId' | 'startedBy'>,
  { source, journal, rehearse }: { source: Execution; journal: readonly JournalEntry[]; rehearse: Rehearse },
): Promise<RestartPlan> {
  const { error } = source;
  const instance = error !== null && typeof error === 'object' && !Array.isArray(error) ? error['instance'] : undefined;
  const found = await find(journal, rehearse, ({ reference }) => reference === instance);
  const shared = sharedPrefix(journal, found?.passed ?? [], { key: found?.task.key, dropsLater: false });
  const record = recordOf(journal, { executionId, task: found?.task, shared, input: undefined });
  return { source, newId, startedBy, input: source.input, shared, record };
}

/** Writes the new execution; gives the one that is there when the id is taken. */
export function restartExecution(
  transaction: StoreTransaction,
  { source, newId: id, startedBy, input, shared, record }: RestartPlan,
  { definition, at }: { definition: WorkflowDefinition; at: number },
): { created: boolean; execution: Execution } {
  const existing = transaction.execution(id);
  const { task, key, execution_id } = record;
  const requestDigest = digestOf({ restart: source.id, task, key, input, inputs: record.inputs, startedBy });
  if (existing !== undefined) {
    if (existing.requestDigest === requestDigest) return { created: false, execution: existing };
    throw new PlatformError('IDEMPOTENCY_CONFLICT', `Cannot start the execution "${id}": it was started by another request`);
  }
  const execution: Execution = {
    ...source,
    id,
    startedBy,
    requestDigest,
    input,
    version: definition.version,
    definitionDigest: definition.digest,
    status: 'running',
    currentStep: null,
    output: null,
    error: null,
    statusSince: at,
    createdAt: at,
    updatedAt: at,
    completedAt: null,
    // Whoever ran the source as a part of its own has its result.
    parent: null,
    depth: 0,
  };
  transaction.insertExecution(execution);
  inheritLimits(transaction, { from: source.id, to: id, at });
  const origin = { execution_id, task, key, shared: shared.length };
  const data = { workflow_id: source.workflow, restarted_from: origin };
  transaction.appendEvent({ executionId: id, type: 'execution_started', step: null, at, data });
  transaction.putEntry(id, restartEntry(record, at));
  for (const entry of shared) {
    transaction.putEntry(id, entry);
    if (!ENDS_STEP.has(entry.kind)) continue;
    const type = entry.state === 'done' ? 'step_completed' : 'step_failed';
    transaction.appendEvent({ executionId: id, type, step: entry.name, at, data: { key: entry.key, shared: true } });
  }
  return { created: true, execution };
}

/** Kinds of entries whose end is the end of a task, for people. */
const ENDS_STEP = new Set<JournalEntry['kind']>(['step', 'timer', 'ask', 'listen', 'emit', 'child']);

/** A task that a replay came by. */
export type TaskPassed = Extract<Passed, { kind: 'task' }>;

/** The last task of a replay that is meant. A task in a part that is over, such as a lost branch, is found by opening that part. */
async function find(
  journal: readonly JournalEntry[],
  rehearse: Rehearse,
  isMeant: (task: TaskPassed) => boolean,
): Promise<{ task: TaskPassed; passed: readonly Passed[] } | undefined> {
  let open = journal;
  for (let opened = 0; opened <= PARTS_OPENED; opened += 1) {
    const { passed } = await rehearse(open);
    const task = passed.findLast((item): item is TaskPassed => item.kind === 'task' && isMeant(item));
    if (task !== undefined) return { task, passed };
    const part = closedParts(open, passed)[0];
    if (part === undefined) return undefined;
    open = reopened(open, part);
  }
  return undefined;
}

/** Every task that a replay comes by, those in lost branches and in parts whose time was over included, each visit once. */
export async function everyTaskPassed(journal: readonly JournalEntry[], rehearse: Rehearse): Promise<TaskPassed[]> {
  const tasks = new Map<string, TaskPassed>();
  let open = journal;
  for (let opened = 0; opened <= PARTS_OPENED; opened += 1) {
    const { passed } = await rehearse(open);
    for (const item of passed) if (item.kind === 'task' && !tasks.has(item.key)) tasks.set(item.key, item);
    const part = closedParts(open, passed)[0];
    if (part === undefined) break;
    open = reopened(open, part);
  }
  return [...tasks.values()];
}

/** Inputs that were edited before hold for the tasks that are shared, and for the task itself unless it gets another one now. */
function recordOf(
  journal: readonly JournalEntry[],
  {
    executionId,
    task,
    shared,
    input,
  }: { executionId: string; task: TaskPassed | undefined; shared: readonly JournalEntry[]; input: Json | undefined },
): RestartRecord {
  const before = restartRecordIn(journal)?.inputs ?? {};
  const inputs = task === undefined || input === undefined ? before : { ...before, [task.key]: input };
  return {
    execution_id: executionId,
    task: task?.name ?? null,
    key: task?.key ?? null,
    shared: shared.map(({ key }) => key),
    inputs,
  };
}
