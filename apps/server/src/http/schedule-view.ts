import type { StoredSchedule } from '@loopwright/engine';
import { type WorkflowSchedule, isoTime } from '@loopwright/protocol';

/** A schedule as the wire writes it. */
export function scheduleView(schedule: StoredSchedule): WorkflowSchedule {
  const { kind, state, dueAt, starts, lastStartedAt, lastExecutionId, lastError } = schedule;
  return {
    kind,
    state,
    next_due: dueAt === null ? null : isoTime(dueAt),
    starts,
    last_started_at: lastStartedAt === null ? null : isoTime(lastStartedAt),
    last_execution_id: lastExecutionId,
    last_error: lastError,
  };
}
