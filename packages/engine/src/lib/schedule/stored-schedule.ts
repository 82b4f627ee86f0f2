import type { Json } from '@loopwright/protocol';
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
  return schedule.kind === 'cron' ? nextCronTime(schedule.cron, now) : now + schedule.intervalMs;
}

/** When a schedule is due after it was; what was missed meanwhile is left out. `null` when the end of the execution or events decide. */
export function nextDue(schedule: Schedule, due: number, now: number): number | null {
  if (schedule.kind === 'cron') return nextCronTime(schedule.cron, Math.max(due, now));
  if (schedule.kind !== 'every') return null;
  const { intervalMs } = schedule;
  return due + intervalMs * (Math.floor(Math.max(0, now - due) / intervalMs) + 1);
}
