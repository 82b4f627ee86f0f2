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
  type ProjectScope,
  type StoredDefinition,
  type StoredHumanTask,
  isFinal,
} from '../execution/execution.ts';
import { type EventFilter, type EventOwner, type EventPage, readEventPage } from './event-page.ts';
import { lastPosition } from './event-positions.ts';
import { listExecutions } from './list-executions.ts';
import { projectCondition } from './project-condition.ts';
import { type Row, toDefinition, toEarlyAnswer, toEntry, toExecution, toHumanTask } from './rows.ts';
import { SqliteHistory } from './sqlite-history.ts';
import { SqliteLimits, type UsedTables } from './sqlite-limits.ts';
import { SqliteSchedules } from './sqlite-schedules.ts';
import { steadyLimits } from './steady-limits.ts';
import { listHumanTasks } from './list-human-tasks.ts';
import { readOpenQuestions } from './open-questions.ts';
import type { Counted, OpenQuestions, OwnedEntry, StoreReader } from './store.ts';
import type { ValueFiles } from './value-files.ts';

const COUNTS: Readonly<Record<Exclude<Counted, 'events'>, string>> = {
  definitions: 'SELECT count(*) AS total FROM definitions',
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
  protected readonly history: SqliteHistory;

  constructor(database: DatabaseSync, files: ValueFiles, used: UsedTables) {
    this.#database = database;
    this.files = files;
    this.history = new SqliteHistory((sql) => this.prepare(sql), files);
    this.limits = new SqliteLimits(
      { prepare: (sql) => this.prepare(sql), numberOf: (id) => this.numberOf(id), beforeReading: () => this.beforeReading() },
      used,
    );
  }

  /** The prepared statement of a fixed SQL text. */
  protected prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(steadyLimits(sql));
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  together<T>(read: () => T): T {
    if (this.#database.isTransaction) return read();
    this.prepare('BEGIN').run();
    try {
      return read();
    } finally {
      this.prepare('COMMIT').run();
    }
  }

  /** The number of an execution in the tables; 0 when there is none of that id. */
  protected numberOf(id: string): number {
    return Number(this.prepare('SELECT no FROM executions WHERE id = ?').get(id)?.['no'] ?? 0);
  }

  /** Called before journal or history are read: whoever writes them later than told does so now. */
  protected beforeReading(): void {
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

  projectOf(id: string): string | undefined {
    return this.eventOwner(id)?.projectId;
  }

  projects({ after, limit, projects }: { after: string; limit: number; projects?: ProjectScope }): string[] {
    const [condition, ...values] = projectCondition(projects) ?? ['TRUE'];
    return this.prepare(
      `SELECT DISTINCT project_id FROM execution_groups WHERE project_id > ? AND ${condition} ORDER BY project_id LIMIT ?`,
    )
      .all(after, ...values, limit)
      .map((row) => String(row['project_id']));
  }

  status(id: string): ExecutionStatus | undefined {
    const row = this.prepare('SELECT status FROM executions WHERE no = ?').get(this.numberOf(id));
    return row === undefined ? undefined : (String(row['status']) as ExecutionStatus);
  }

  executions(query: ExecutionQuery): ExecutionPage {
    return this.together(() => {
      const { rows, total, next } = listExecutions((sql) => this.prepare(sql), query);
      return { executions: rows.map((row) => this.#whole(row)), total, next };
    });
  }

  definitionsOf(name: string): StoredDefinition[] {
    return this.prepare('SELECT * FROM definitions WHERE name = ? ORDER BY created_at DESC, digest LIMIT 1000')
      .all(name)
      .map(toDefinition);
  }

  executionCounts(digest: string, limit: number, projects?: ProjectScope): Partial<Record<ExecutionStatus, number>> {
    const [condition, ...values] = projectCondition(projects) ?? ['TRUE'];
    const rows = this.prepare(
      `SELECT status, sum(count) AS count FROM execution_groups WHERE definition_digest = ? AND ${condition}
       GROUP BY status HAVING sum(count) > 0`,
    ).all(digest, ...values);
    const found = new Map(rows.map((row) => [String(row['status']), Math.min(limit, Number(row['count']))]));
    return Object.fromEntries(EXECUTION_STATUSES.flatMap((status) => (found.has(status) ? [[status, found.get(status)]] : [])));
  }

  openOnOther(
    workflow: string,
    digest: string,
    { limit, after = 0, projects }: { limit: number; after?: number | undefined; projects?: ProjectScope | undefined },
  ): { executions: Execution[]; next: number | null } {
    const [condition, ...values] = projectCondition(projects) ?? ['TRUE'];
    const rows = this.prepare(
      `SELECT * FROM executions WHERE group_no IN
       (SELECT no FROM execution_groups WHERE workflow = ? AND definition_digest <> ? AND ${IS_OPEN} AND ${condition})
       AND no > ? ORDER BY no LIMIT ?`,
    ).all(workflow, digest, ...values, after, limit + 1);
    const page = rows.slice(0, limit);
    const next = rows.length > limit ? Number(page.at(-1)?.['no']) : null;
    return { executions: page.map((row) => this.#whole(row)), next };
  }

  withoutWakeUp(before: number, limit: number, projects?: ProjectScope): Execution[] {
    this.beforeReading();
    const [condition, ...values] = projectCondition(projects) ?? ['TRUE'];
    return this.prepare(
      `SELECT * FROM executions WHERE group_no IN
       (SELECT no FROM execution_groups WHERE status IN ('pending', 'running', 'paused') AND ${condition})
       AND updated_at <= ? AND coalesce((SELECT json_extract(events, '$[#-1][2]') FROM history WHERE execution = no AND events IS NOT NULL ORDER BY last_seq DESC LIMIT 1), 0) <= ?
       AND (status = 'paused' OR NOT EXISTS
       (SELECT 1 FROM journal WHERE execution = no AND state IN ('running', 'waiting') AND kind <> 'deadline')) ORDER BY no LIMIT ?`,
    )
      .all(...values, before, before, limit)
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
    this.beforeReading();
    const no = this.numberOf(executionId);
    const entries = this.prepare('SELECT * FROM journal WHERE execution = ?')
      .all(no)
      .map((row) => toEntry(row, this.files));
    return [...entries, ...this.history.results(no)];
  }

  entry(executionId: string, key: string): JournalEntry | undefined {
    return (
      this.keyedEntry(executionId, key) ?? this.history.results(this.numberOf(executionId)).find((entry) => entry.key === key)
    );
  }

  /** The entry of a key, unless it is the result of a step. */
  keyedEntry(executionId: string, key: string): JournalEntry | undefined {
    const row = this.prepare('SELECT * FROM journal WHERE execution = ? AND key = ?').get(this.numberOf(executionId), key);
    return row === undefined ? undefined : toEntry(row, this.files);
  }

  completedSteps(executionId: string): string[] {
    const completed = this.events(executionId, 0, Infinity).filter(({ type }) => type === 'step_completed');
    return [...new Set(completed.flatMap(({ step }) => step ?? []))];
  }

  due(now: number, limit: number): OwnedEntry[] {
    this.beforeReading();
    return this.prepare(
      'SELECT journal.*, id AS execution_id FROM journal JOIN executions ON no = execution WHERE due_at IS NOT NULL AND due_at <= ? ORDER BY due_at LIMIT ?',
    )
      .all(now, limit)
      .map((row) => ({ executionId: String(row['execution_id']), entry: toEntry(row, this.files) }));
  }

  nextDue(): number | undefined {
    this.beforeReading();
    const due = this.prepare('SELECT min(due_at) AS due FROM journal WHERE due_at IS NOT NULL').get()?.['due'];
    return typeof due === 'number' ? due : undefined;
  }

  humanTask(id: string): StoredHumanTask | undefined {
    const row = this.prepare('SELECT * FROM human_tasks WHERE id = ?').get(id);
    return row === undefined ? undefined : toHumanTask(row, this.files);
  }

  humanTasks(query: HumanTaskQuery): StoredHumanTask[] {
    return listHumanTasks((sql) => this.prepare(sql), this.files, query);
  }

  openQuestions(projects?: ProjectScope): OpenQuestions[] {
    return readOpenQuestions((sql) => this.prepare(sql), this.files, projects);
  }

  events(executionId: string, after: number, limit: number): ExecutionEvent[] {
    this.beforeReading();
    return this.history.events({ no: this.numberOf(executionId), id: executionId }, after, limit);
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
    this.beforeReading();
    return this.history.firstEvent(this.numberOf(executionId));
  }

  count(what: Counted, executionId: string = ''): number {
    if (what === 'events') return this.lastSeq(this.numberOf(executionId));
    const values = what === 'definitions' ? [] : [executionId];
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
    this.beforeReading();
    const newest: ExecutionEvent[] = [];
    for (const event of this.history.newestEvents({ no: Number(row['no']), id: String(row['id']) })) {
      newest.push(event);
      if (BEGINS.has(event.type) || newest.length === EVENTS_SEARCHED) break;
    }
    const begin = newest.find(({ type }) => BEGINS.has(type));
    if (begin !== undefined) row['current_step'] = begin.step;
    row['updated_at'] = Math.max(Number(row['updated_at']), newest[0]?.at ?? 0);
    return toExecution(row, this.files);
  }

  /** The number of the last event of an execution, by the number of that one; 0 without any. */
  protected lastSeq(no: number): number {
    this.beforeReading();
    return this.history.lastSeq(no);
  }
}
