import type { Json } from '@loopwright/protocol';
import { type Duration, endOf, times } from '../definition/duration.ts';
import type { Schedule } from '../definition/schedule.ts';
import type { Listener } from '../event/listener.ts';
import { nextCronTime } from './cron.ts';

/** The schedule of a workflow as it is stored. Times in milliseconds since 1970-01-01 UTC. */
export interface StoredSchedule {
  readonly workflow: string;
  readonly kind: Schedule['kind'];
  /** As the definition has it: a version with another one replaces it, one with the same keeps its rhythm. */
  readonly rule: Json;
  readonly state: 'active' | 'paused';
  /** The project of the executions that it starts. */
  readonly projectId: string;
  /** When it starts the next one; `null` while it waits for events or for the end of the last one, and while it is paused. */
  readonly dueAt: number | null;
  /** How many it has started. */
  readonly starts: number;
  readonly lastStartedAt: number | null;
  readonly lastExecutionId: string | null;
  /** Why the last start did not happen; `null` when it did. */
  readonly lastError: string | null;
  /** Executions that it started and that had not ended when it was last due. */
  readonly running: readonly string[];
  /** Sets of events that are not complete. */
  readonly waiting: readonly Listener[];
  readonly createdAt: number;
}

/** When a schedule that begins now is due for the first time; `null` when events decide. */
export function firstDue(schedule: Schedule, now: number): number | null {
  if (schedule.kind === 'on') return null;
  return schedule.kind === 'cron' ? nextCronTime(schedule.cron, now) : endOf(schedule.interval, now);
}

/**
 * When a schedule that began at `createdAt` is due after it was; what was missed meanwhile is left out. `null` when the end of the execution or
 * events decide.
 */
export function nextDue(
  schedule: Schedule,
  { due, now, createdAt }: { due: number; now: number; createdAt: number },
): number | null {
  if (schedule.kind === 'cron') return nextCronTime(schedule.cron, Math.max(due, now));
  if (schedule.kind !== 'every') return null;
  const { interval } = schedule;
  const after = Math.max(due, now);
  // Counted from the beginning: what began on the 31st comes back to it after a shorter month. A pause begins anew where it ended.
  const isInStep = firstAfter(interval, createdAt, due - 1) === due;
  return firstAfter(interval, isInStep ? createdAt : due, after);
}

/** The first time after another one that lies a whole number of intervals behind a beginning. */
function firstAfter(interval: Duration, begin: number, after: number): number {
  const longestMs = interval.months * LONGEST_MONTH_MS + interval.ms;
  let count = Math.max(1, Math.floor((after - begin) / longestMs));
  let time = endOf(times(interval, count), begin);
  while (time <= after) {
    count += 1;
    time = endOf(times(interval, count), begin);
  }
  return time;
}

const LONGEST_MONTH_MS = 31 * 86_400_000;
