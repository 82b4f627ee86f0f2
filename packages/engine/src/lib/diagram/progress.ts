import { isUnder } from '../embedded/deadline-key.ts';
import { type WorkflowDefinition, everyTask } from '../definition/definition.ts';
import type { Task } from '../definition/task.ts';
import { type Execution, type JournalEntry, isFinal } from '../execution/execution.ts';

/** How a task of an execution stands. `skipped` was passed over or given up; what may still come has no status. */
export const TASK_STATUSES = ['done', 'running', 'waiting', 'failed', 'skipped'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];
/** The status of tasks by their JSON pointer; of several visits the last one counts. */
export type Progress = ReadonlyMap<string, TaskStatus>;

interface Past {
  readonly execution: Pick<Execution, 'status' | 'error'>;
  readonly journal: readonly JournalEntry[];
  /** Every task that began, in the order of a replay. */
  readonly tasks: readonly { readonly key: string; readonly reference: string }[];
}

/** Says of every task how it stands. */
export function progressOf({ document }: Pick<WorkflowDefinition, 'document'>, past: Past): Progress {
  const visits = new Map(past.tasks.map(({ key, reference }) => [reference, key]));
  const failedAt = past.execution.status === 'failed' ? instanceOf(past.execution) : undefined;
  const progress = new Map<string, TaskStatus>();
  const passedOver: string[] = [];
  for (const { named, pointer } of everyTask(document.do)) {
    const key = visits.get(pointer);
    if (key === undefined) passedOver.push(pointer);
    else progress.set(pointer, statusOf(named.task, key, { past, isFailed: isWithin(failedAt, pointer) }));
  }
  for (const pointer of passedOver)
    if (isFinal(past.execution.status) || isPassedOver(pointer, progress)) progress.set(pointer, 'skipped');
  return progress;
}

function statusOf(task: Task, key: string, { past, isFailed }: { past: Past; isFailed: boolean }): TaskStatus {
  if (isFailed || 'raise' in task) return 'failed';
  const own = past.journal.filter((entry) => isUnder(entry.key, key) && entry.kind !== 'deadline');
  if (own.some(({ state }) => state === 'running')) return 'running';
  if (own.some(({ state }) => state === 'waiting')) return 'waiting';
  const isComposite = 'do' in task || 'try' in task || 'fork' in task || ('listen' in task && task.foreach?.do !== undefined);
  if (isComposite) return 'done';
  if (own.some(({ state }) => state === 'failed')) return 'failed';
  if (own.some(({ state }) => state === 'cancelled')) return 'skipped';
  if (own.length > 0 || 'set' in task || 'switch' in task) return 'done';
  // It began and has recorded nothing: the execution was stopped before it, or takes it up again.
  return isFinal(past.execution.status) ? 'done' : 'waiting';
}

function instanceOf({ error }: Pick<Execution, 'error'>): string | undefined {
  const instance = error !== null && typeof error === 'object' && !Array.isArray(error) ? error['instance'] : undefined;
  return typeof instance === 'string' ? instance : undefined;
}

function isWithin(instance: string | undefined, pointer: string): boolean {
  return instance === pointer || instance?.startsWith(`${pointer}/`) === true;
}

/** Whether a later task of the same list has begun, or the list around it was passed over. */
function isPassedOver(pointer: string, progress: Progress): boolean {
  const place = /^(.*)\/(\d+)\/[^/]*$/.exec(pointer);
  if (place === null || place[1]?.endsWith('/branches') === true) return false;
  const [, list = '', index = ''] = place;
  for (const other of progress.keys()) {
    if (!other.startsWith(`${list}/`)) continue;
    if (Number(other.slice(list.length + 1).split('/')[0]) > Number(index)) return true;
  }
  return list.includes('/', 1) && progress.get(list.slice(0, list.lastIndexOf('/'))) === 'skipped';
}
