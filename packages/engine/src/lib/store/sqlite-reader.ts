import type { DatabaseSync, StatementSync } from 'node:sqlite';
import {
  EXECUTION_STATUSES,
  type EarlyAnswer,
  type Execution,
  type ExecutionEvent,
  type ExecutionPage,
  type ExecutionQuery,
  type HumanTaskQuery,
  type ExecutionStatus,
  type JournalEntry,
  type StoredDefinition,
  type StoredHumanTask,
  isFinal,
} from '../execution/execution.ts';
import { type EventFilter, type EventOwner, type EventPage, readEventPage } from './event-page.ts';
import { lastPosition } from './event-positions.ts';
import { listExecutions } from './list-executions.ts';
import { type Row, toDefinition, toEarlyAnswer, toEntry, toEvent, toExecution, toHumanTask } from './rows.ts';
import { SqliteLimits, type UsedTables } from './sqlite-limits.ts';
import { SqliteSchedules } from './sqlite-schedules.ts';
import type { Counted, OwnedEntry, StoreReader } from './store.ts';
import type { ValueFiles } from './value-files.ts';

const COUNTS: Readonly<Record<Counted, string>> = {
  definitions: 'SELECT count(*) AS total FROM definitions',
  events: 'SELECT max(seq) AS total FROM events WHERE execution = ?',
  'open-questions': `SELECT count(*) AS total FROM human_tasks WHERE execution_id = ? AND +state = 'open'`,
  'early-answers': 'SELECT count(*) AS total FROM early_answers WHERE execution_id = ?',
  listeners: 'SELECT count(*) AS total FROM listeners WHERE execution_id = ?',
};
/** Events that say that an execution has come to a step. */
const BEGINS = new Set([
  'step_started',
  'timer_started',
  'retry_scheduled',
  'listening',
  'child_started',
  'waiting_clarification',
  'waiting_acceptance',
]);
/** The condition for what has not ended. */
const IS_OPEN = `status IN ('pending', 'running', 'waiting_clarification', 'waiting_acceptance', 'paused')`;
/** How many events are looked through for the last of these; past them the row says where the execution was. */
const EVENTS_SEARCHED = 50;

/** Reads the tables of the embedded store; statements are prepared once. */
export class SqliteReader implements StoreReader {
  readonly limits: SqliteLimits;
  readonly schedules = new SqliteSchedules((sql) => this.prepare(sql));
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  protected readonly files: ValueFiles;

  constructor(database: DatabaseSync, files: ValueFiles, used: UsedTables) {
    this.#database = database;
    this.files = files;
    this.limits = new SqliteLimits(
      { prepare: (sql) => this.prepare(sql), numberOf: (id) => this.numberOf(id), beforeJournal: () => this.beforeJournal() },
      used,
    );
  }

  /** The prepared statement of a fixed SQL text. */
  protected prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /** The number of an execution in the tables; 0 when there is none of that id. */
  protected numberOf(id: string): number {
    return Number(this.prepare('SELECT no FROM executions WHERE id = ?').get(id)?.['no'] ?? 0);
  }

  /** Called before the journal is read: whoever writes it later than it is told does so now. */
  protected beforeJournal(): void {
    // Nothing is held back here.
  }

  definition(digest: string): StoredDefinition | undefined {
    const row = this.prepare('SELECT * FROM definitions WHERE digest = ?').get(digest);
    return row === undefined ? undefined : toDefinition(row);
  }

  execution(id: string): Execution | undefined {
    const row = this.prepare('SELECT * FROM executions WHERE no = ?').get(this.numberOf(id));
    return row === undefined ? undefined : this.#whole(row);
  }

  parent(id: string): Execution['parent'] {
    const row = this.prepare('SELECT parent_id, parent_key FROM executions WHERE no = ?').get(this.numberOf(id));
    if (row === undefined || row['parent_id'] === null) return null;
    return { executionId: String(row['parent_id']), key: String(row['parent_key']) };
  }

  children(id: string): string[] {
    return this.prepare('SELECT id FROM executions WHERE parent_id = ? ORDER BY created_at, no')
      .all(id)
      .map((row) => String(row['id']));
  }

  digestOf(name: string, version: string): string | undefined {
    const row = this.prepare(
      'SELECT digest FROM definitions WHERE name = ? AND version = ? ORDER BY created_at DESC LIMIT 1',
    ).get(name, version);
    return row === undefined ? undefined : String(row['digest']);
  }

  status(id: string): ExecutionStatus | undefined {
    const row = this.prepare('SELECT status FROM executions WHERE no = ?').get(this.numberOf(id));
    return row === undefined ? undefined : (String(row['status']) as ExecutionStatus);
  }

  executions(query: ExecutionQuery): ExecutionPage {
    const { rows, total, next } = listExecutions((sql) => this.prepare(sql), query);
    return { executions: rows.map((row) => this.#whole(row)), total, next };
  }

  definitionsOf(name: string): StoredDefinition[] {
    return this.prepare('SELECT * FROM definitions WHERE name = ? ORDER BY created_at DESC, digest LIMIT 1000')
      .all(name)
      .map(toDefinition);
  }

  executionCounts(digest: string, limit: number): Partial<Record<ExecutionStatus, number>> {
    const rows = this.prepare(
      'SELECT status, sum(count) AS count FROM execution_groups WHERE definition_digest = ? GROUP BY status HAVING sum(count) > 0',
    ).all(digest);
    const found = new Map(rows.map((row) => [String(row['status']), Math.min(limit, Number(row['count']))]));
    return Object.fromEntries(EXECUTION_STATUSES.flatMap((status) => (found.has(status) ? [[status, found.get(status)]] : [])));
  }

  openOnOther(workflow: string, digest: string, { limit, offset }: { limit: number; offset: number }): Execution[] {
    return this.prepare(
      `SELECT * FROM executions WHERE group_no IN
       (SELECT no FROM execution_groups WHERE workflow = ? AND definition_digest <> ? AND ${IS_OPEN}) ORDER BY no LIMIT ? OFFSET ?`,
    )
      .all(workflow, digest, limit, offset)
      .map((row) => this.#whole(row));
  }

  withoutWakeUp(before: number, limit: number): Execution[] {
    this.beforeJournal();
    return this.prepare(
      `SELECT * FROM executions WHERE group_no IN (SELECT no FROM execution_groups WHERE status IN ('pending', 'running', 'paused'))
       AND updated_at <= ?1 AND coalesce((SELECT at FROM events WHERE execution = no ORDER BY seq DESC LIMIT 1), 0) <= ?1
       AND (status = 'paused' OR NOT EXISTS
       (SELECT 1 FROM journal WHERE execution = no AND state IN ('running', 'waiting') AND kind <> 'deadline')) ORDER BY no LIMIT ?2`,
    )
      .all(before, limit)
      .map((row) => this.#whole(row));
  }

  openDigests(): string[] {
    return this.prepare(`SELECT DISTINCT definition_digest AS digest FROM execution_groups WHERE count > 0 AND ${IS_OPEN}`)
      .all()
      .map((row) => String(row['digest']));
  }

  unfinished(): string[] {
    // Those that are pending stand in a queue.
    return this.prepare(
      `SELECT id FROM executions INDEXED BY executions_at_work WHERE rests = 0
       AND status IN ('running', 'waiting_clarification', 'waiting_acceptance') ORDER BY no`,
    )
      .all()
      .map((row) => String(row['id']));
  }

  journal(executionId: string): JournalEntry[] {
    this.beforeJournal();
    return this.prepare('SELECT * FROM journal WHERE execution = ?')
      .all(this.numberOf(executionId))
      .map((row) => toEntry(row, this.files));
  }

  entry(executionId: string, key: string): JournalEntry | undefined {
    const row = this.prepare('SELECT * FROM journal WHERE execution = ? AND key = ?').get(this.numberOf(executionId), key);
    return row === undefined ? undefined : toEntry(row, this.files);
  }

  completedSteps(executionId: string): string[] {
    return this.prepare(
      `SELECT name, min(seq) AS first FROM (SELECT step AS name, seq FROM events WHERE execution = ? AND type = 'step_completed') GROUP BY name ORDER BY first`,
    )
      .all(this.numberOf(executionId))
      .map((row) => String(row['name']));
  }

  due(now: number, limit: number): OwnedEntry[] {
    this.beforeJournal();
    return this.prepare(
      'SELECT journal.*, id AS execution_id FROM journal JOIN executions ON no = execution WHERE due_at IS NOT NULL AND due_at <= ? ORDER BY due_at LIMIT ?',
    )
      .all(now, limit)
      .map((row) => ({ executionId: String(row['execution_id']), entry: toEntry(row, this.files) }));
  }

  nextDue(): number | undefined {
    this.beforeJournal();
    const due = this.prepare('SELECT min(due_at) AS due FROM journal WHERE due_at IS NOT NULL').get()?.['due'];
    return typeof due === 'number' ? due : undefined;
  }

  humanTask(id: string): StoredHumanTask | undefined {
    const row = this.prepare('SELECT * FROM human_tasks WHERE id = ?').get(id);
    return row === undefined ? undefined : toHumanTask(row, this.files);
  }

  humanTasks({ executionId, state, after, limit }: HumanTaskQuery): StoredHumanTask[] {
    // Of one execution there are few: the index of all that are open is not the one to go through.
    const isState = executionId === undefined ? 'state = ?' : '+state = ?';
    const filters = [
      executionId === undefined ? '' : 'execution_id = ?',
      state === undefined ? '' : isState,
      after === undefined ? '' : '(created_at, id) > (?, ?)',
    ].filter(Boolean);
    const where = filters.length === 0 ? '' : `WHERE ${filters.join(' AND ')}`;
    const values = [executionId, state, after?.createdAt, after?.id].filter((value) => value !== undefined);
    return this.prepare(`SELECT * FROM human_tasks ${where} ORDER BY created_at, id LIMIT ?`)
      .all(...values, limit)
      .map((row) => toHumanTask(row, this.files));
  }

  events(executionId: string, after: number, limit: number): ExecutionEvent[] {
    return this.prepare('SELECT * FROM events WHERE execution = ? AND seq > ? ORDER BY seq LIMIT ?')
      .all(this.numberOf(executionId), after, limit)
      .map((row) => toEvent(executionId, row, this.files));
  }

  eventsAfter(position: number, filter: EventFilter, limit: number): EventPage {
    const sources = {
      prepare: (sql: string) => this.prepare(sql),
      events: (id: string, after: number, count: number) => this.events(id, after, count),
    };
    return readEventPage(sources, position, {
      wants: (owner) => filter.wants(owner),
      wantsType: (type) => filter.wantsType(type),
      limit,
    });
  }

  lastPosition(): number {
    return lastPosition((sql) => this.prepare(sql));
  }

  eventOwner(executionId: string): EventOwner | undefined {
    const row = this.prepare('SELECT workflow, project_id FROM executions WHERE no = ?').get(this.numberOf(executionId));
    return row === undefined
      ? undefined
      : { executionId, workflow: String(row['workflow']), projectId: String(row['project_id']) };
  }

  firstEvent(executionId: string): number | undefined {
    const first = this.prepare('SELECT min(seq) AS first FROM events WHERE execution = ?').get(this.numberOf(executionId))?.[
      'first'
    ];
    return typeof first === 'number' ? first : undefined;
  }

  count(what: Counted, executionId: string = ''): number {
    const values = what === 'definitions' ? [] : [what === 'events' ? this.numberOf(executionId) : executionId];
    return Number(this.prepare(COUNTS[what]).get(...values)?.['total'] ?? 0);
  }

  listeners(type: string): { executionId: string; key: string }[] {
    return this.prepare(`SELECT DISTINCT execution_id, key FROM listeners WHERE type IN (?, '')`)
      .all(type)
      .map((row) => ({ executionId: String(row['execution_id']), key: String(row['key']) }));
  }

  earlyAnswer(executionId: string, step: string): EarlyAnswer | undefined {
    const row = this.prepare('SELECT * FROM early_answers WHERE execution_id = ? AND step = ?').get(executionId, step);
    return row === undefined ? undefined : toEarlyAnswer(row, this.files);
  }

  /** An execution under way is at the step whose begin was recorded last; its row does not follow it. */
  #whole(row: Row): Execution {
    if (isFinal(String(row['status']) as ExecutionStatus)) return toExecution(row, this.files);
    const events = this.prepare('SELECT type, step, at FROM events WHERE execution = ? ORDER BY seq DESC LIMIT ?').all(
      Number(row['no']),
      EVENTS_SEARCHED,
    );
    const begin = events.find(({ type }) => BEGINS.has(String(type)));
    const current = begin === undefined ? {} : { current_step: begin['step'] ?? null };
    const updated = Math.max(Number(row['updated_at']), Number(events[0]?.['at'] ?? 0));
    return toExecution({ ...row, ...current, updated_at: updated }, this.files);
  }
}
