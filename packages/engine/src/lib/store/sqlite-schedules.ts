import type { Json } from '@loopwright/protocol';
import type { StatementSync } from 'node:sqlite';
import type { CloudEvent } from '../event/listener.ts';
import type { StoredSchedule } from '../schedule/stored-schedule.ts';
import { type Row, integer, integerOrNull, json, text, textOrNull } from './rows.ts';
import type { ScheduleTable, ScheduledStart } from './schedule-table.ts';

/** Reads and writes the tables of schedules. */
export class SqliteSchedules implements ScheduleTable {
  readonly #prepare: (sql: string) => StatementSync;

  constructor(prepare: (sql: string) => StatementSync) {
    this.#prepare = prepare;
  }

  get(workflow: string): StoredSchedule | undefined {
    const row = this.#prepare('SELECT * FROM schedules WHERE workflow = ?').get(workflow);
    return row === undefined ? undefined : toSchedule(row);
  }

  list(): StoredSchedule[] {
    return this.#prepare('SELECT * FROM schedules ORDER BY workflow').all().map(toSchedule);
  }

  starts(limit: number): ScheduledStart[] {
    return this.#prepare('SELECT * FROM scheduled_starts ORDER BY created_at, execution_id LIMIT ?').all(limit).map(toStart);
  }

  hasTaken(workflow: string, { source, id }: CloudEvent): boolean {
    const sql = 'SELECT 1 FROM schedule_events WHERE workflow = ? AND source = ? AND id = ?';
    return this.#prepare(sql).get(workflow, source, id) !== undefined;
  }

  put(schedule: StoredSchedule): void {
    const { workflow, kind, rule, state, projectId, dueAt, starts, lastStartedAt, lastExecutionId, lastError } = schedule;
    const { running, waiting, createdAt } = schedule;
    this.#prepare('INSERT OR REPLACE INTO schedules VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)').run(
      workflow,
      kind,
      JSON.stringify(rule),
      state,
      projectId,
      dueAt,
      starts,
      lastStartedAt,
      lastExecutionId,
      lastError,
      JSON.stringify(running),
      JSON.stringify(waiting),
      createdAt,
    );
  }

  delete(workflow: string): void {
    this.#prepare('DELETE FROM schedules WHERE workflow = ?').run(workflow);
  }

  addStart({ executionId, workflow, input, createdAt }: ScheduledStart): void {
    const sql = 'INSERT OR IGNORE INTO scheduled_starts VALUES (?, ?, ?, ?)';
    this.#prepare(sql).run(executionId, workflow, JSON.stringify(input), createdAt);
  }

  removeStart(executionId: string): void {
    this.#prepare('DELETE FROM scheduled_starts WHERE execution_id = ?').run(executionId);
  }

  take(workflow: string, { source, id }: CloudEvent, { at, forgetBefore }: { at: number; forgetBefore: number }): void {
    this.#prepare('DELETE FROM schedule_events WHERE workflow = ? AND at < ?').run(workflow, forgetBefore);
    this.#prepare('INSERT OR IGNORE INTO schedule_events VALUES (?, ?, ?, ?)').run(workflow, source, id, at);
  }
}

function toSchedule(row: Row): StoredSchedule {
  return {
    workflow: text(row, 'workflow'),
    kind: text(row, 'kind') as StoredSchedule['kind'],
    rule: json(row, 'rule'),
    state: text(row, 'state') as StoredSchedule['state'],
    projectId: text(row, 'project_id'),
    dueAt: integerOrNull(row, 'due_at'),
    starts: integer(row, 'starts'),
    lastStartedAt: integerOrNull(row, 'last_started_at'),
    lastExecutionId: textOrNull(row, 'last_execution_id'),
    lastError: textOrNull(row, 'last_error'),
    running: json(row, 'running') as readonly string[],
    waiting: json(row, 'waiting') as unknown as StoredSchedule['waiting'],
    createdAt: integer(row, 'created_at'),
  };
}

function toStart(row: Row): ScheduledStart {
  const input: Json = json(row, 'input');
  const createdAt = integer(row, 'created_at');
  return { executionId: text(row, 'execution_id'), workflow: text(row, 'workflow'), input, createdAt };
}
