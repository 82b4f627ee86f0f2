import { type Clock, PlatformError, messageOf } from '@loopwright/protocol';
import type { WorkflowDefinition } from '../definition/definition.ts';
import { endOf } from '../definition/duration.ts';
import type { Schedule } from '../definition/schedule.ts';
import { isFinal } from '../execution/execution.ts';
import type { ExpressionEvaluator } from '../expression/expression.ts';
import { type StoredSchedule, nextDue } from '../schedule/stored-schedule.ts';
import type { ScheduledStart } from '../store/schedule-table.ts';
import type { Store } from '../store/store.ts';
import { scheduledId } from './offer-event.ts';
import type { StartRequest } from './start-execution.ts';

/** The project of scheduled executions, unless the definition was registered for another one. */
export const DEFAULT_PROJECT = 'default';
/** Who started what a schedule starts. */
const STARTED_BY = 'schedule';
/** How many executions that a schedule of `every` or `cron` started may be under way; a start that is due then is left out. */
const OVERLAP_LIMIT = 100;

/** What schedules are made with. */
export interface ScheduleParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly expressions: ExpressionEvaluator;
  /** The definitions that can be started, by name. */
  readonly definitions: ReadonlyMap<string, WorkflowDefinition>;
  start(request: StartRequest): Promise<{ readonly created: boolean }>;
  readonly onTrouble: ((message: string, error: unknown) => void) | undefined;
}

/** Starts what events have decided. Throws what may be different later. */
export async function startDecided(parts: ScheduleParts, { executionId, workflow, input }: ScheduledStart): Promise<void> {
  const { store, clock } = parts;
  const projectId = store.read.schedules.get(workflow)?.projectId ?? DEFAULT_PROJECT;
  const { refusal } = await start(parts, { executionId, workflow, projectId, input, startedBy: STARTED_BY });
  const now = clock.now();
  await store.write(({ schedules }) => {
    schedules.removeStart(executionId);
    const row = schedules.get(workflow);
    if (row !== undefined) schedules.put({ ...row, ...outcomeOf(row, { executionId, refusal, now }) });
  });
}

/** Starts what is due, and then lets its schedule move on. Throws what may be different later. */
export async function startDue(parts: ScheduleParts, row: StoredSchedule): Promise<void> {
  const { store, clock, definitions } = parts;
  const { workflow, projectId } = row;
  const due = row.dueAt ?? 0;
  const executionId = scheduledId(workflow, due);
  const before = unfinished(parts, row).filter((id) => id !== executionId);
  const { created, refusal } =
    before.length >= OVERLAP_LIMIT
      ? { created: true, refusal: `Cannot start: ${OVERLAP_LIMIT} executions of this schedule are under way, which is the limit` }
      : await start(parts, { executionId, workflow, projectId, input: {}, startedBy: STARTED_BY });
  const now = clock.now();
  await store.write(({ schedules }) => {
    const current = schedules.get(workflow);
    const schedule = definitions.get(workflow)?.document.schedule;
    if (current === undefined || schedule === undefined) return;
    const running = refusal === null ? [...before, executionId] : before;
    // One that is there already was started before the process ended: what was missed since then has not been made up for.
    const movesFrom = created ? now : due;
    // It may be paused or replaced by now: then it has another due time, which counts.
    const dueAt = current.dueAt === due ? dueAgain(schedule, current, { due, now: movesFrom, refusal }) : current.dueAt;
    schedules.put({ ...current, ...outcomeOf(current, { executionId, refusal, now }), running, dueAt });
  });
}

/** Which of the executions that a schedule started last have not ended. */
export function unfinished({ store }: ScheduleParts, { running }: StoredSchedule): string[] {
  return running.filter((id) => !isFinal(store.read.status(id) ?? 'completed'));
}

/** Starts an execution, or finds that it was; `refusal` is why it cannot be. */
async function start(parts: ScheduleParts, request: StartRequest): Promise<{ created: boolean; refusal: string | null }> {
  try {
    const { created } = await parts.start(request);
    return { created, refusal: null };
  } catch (error) {
    if (!(error instanceof PlatformError) || error.retryable) throw error;
    // It is there, started for another project before that was changed.
    if (error.code === 'IDEMPOTENCY_CONFLICT') return { created: false, refusal: null };
    parts.onTrouble?.(`Cannot start the scheduled workflow "${request.workflow}"`, error);
    return { created: true, refusal: messageOf(error) };
  }
}

/** A start that was refused has no end that the next one could wait for. */
function dueAgain(
  schedule: Schedule,
  { createdAt }: StoredSchedule,
  { due, now, refusal }: { due: number; now: number; refusal: string | null },
): number | null {
  const isOver = schedule.kind === 'after' && refusal !== null;
  return isOver ? endOf(schedule.interval, now) : nextDue(schedule, { due, now, createdAt });
}

/** What a start leaves behind in its schedule. */
function outcomeOf(
  { starts }: StoredSchedule,
  { executionId, refusal, now }: { executionId: string; refusal: string | null; now: number },
): Partial<StoredSchedule> {
  if (refusal !== null) return { lastError: refusal };
  return { starts: starts + 1, lastStartedAt: now, lastExecutionId: executionId, lastError: null };
}
