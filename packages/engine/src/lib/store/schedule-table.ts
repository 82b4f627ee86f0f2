import type { Json } from '@loopwright/protocol';
import type { CloudEvent } from '../event/listener.ts';
import type { StoredSchedule } from '../schedule/stored-schedule.ts';

/** An execution that events have decided to start, until it is there. */
export interface ScheduledStart {
  readonly executionId: string;
  readonly workflow: string;
  readonly input: Json;
  readonly createdAt: number;
}

/** What can be read of schedules. */
export interface ScheduleReader {
  get(workflow: string): StoredSchedule | undefined;
  /** All of them, by the name of the workflow. */
  list(): StoredSchedule[];
  /** Starts that events have decided, oldest first. */
  starts(limit: number): ScheduledStart[];
  /** Whether the schedule of a workflow has taken this event (`source` and `id`) before. */
  hasTaken(workflow: string, event: CloudEvent): boolean;
}

/** What can be read and written of schedules inside a transaction. */
export interface ScheduleTable extends ScheduleReader {
  put(schedule: StoredSchedule): void;
  delete(workflow: string): void;
  addStart(start: ScheduledStart): void;
  removeStart(executionId: string): void;
  /** Remembers an event, and forgets those that the workflow took before `forgetBefore`. */
  take(workflow: string, event: CloudEvent, times: { at: number; forgetBefore: number }): void;
}
