import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import {
  EXECUTION_STATUSES,
  type EarlyAnswer,
  type Execution,
  type ExecutionEvent,
  type ExecutionQuery,
  type ExecutionStatus,
  type JournalEntry,
  type StoredDefinition,
  type StoredHumanTask,
} from '../execution/execution.ts';
import { toDefinition, toEarlyAnswer, toEntry, toEvent, toExecution, toHumanTask } from './rows.ts';
import { SqliteLimits, type UsedTables } from './sqlite-limits.ts';
import { SqliteSchedules } from './sqlite-schedules.ts';
import type { Counted, OwnedEntry, StoreReader } from './store.ts';
import type { ValueFiles } from './value-files.ts';

const COUNTS: Readonly<Record<Counted, string>> = {
  definitions: 'SELECT count(*) AS total FROM definitions',
  events: 'SELECT max(seq) AS total FROM events WHERE execution = ?',
  'open-questions': `SELECT count(*) AS total FROM human_tasks WHERE execution_id = ? AND state = 'open'`,
  'early-answers': 'SELECT count(*) AS total FROM early_answers WHERE execution_id = ?',
  listeners: 'SELECT count(*) AS total FROM listeners WHERE execution_id = ?',
};
/** How many numbers of executions are remembered. */
const NUMBERS_KEPT = 100_000;

/** Reads the tables of the embedded store; statements are prepared once. */
export class SqliteReader implements StoreReader {
  readonly limits: SqliteLimits;
  readonly schedules = new SqliteSchedules((sql) => this.prepare(sql));
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #numbers = new Map<string, number>();
  protected readonly files: ValueFiles;

  constructor(database: DatabaseSync, files: ValueFiles, used: UsedTables) {
    this.#database = database;
    this.files = files;
    this.limits = new SqliteLimits({ prepare: (sql) => this.prepare(sql), numberOf: (id) => this.numberOf(id) }, used);
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
    const known = this.#numbers.get(id);
    if (known !== undefined) return known;
    const no = this.prepare('SELECT no FROM executions WHERE id = ?').get(id)?.['no'];
    if (typeof no !== 'number') return 0;
    if (this.#numbers.size >= NUMBERS_KEPT) this.#numbers.clear();
    this.#numbers.set(id, no);
    return no;
  }

  /** Forgets what was read in a transaction that is rolled back. */
  forget(): void {
    this.#numbers.clear();
  }

  /** Forgets the numbers of executions that were removed. */
  forgetExecutions(ids: readonly string[]): void {
    for (const id of ids) this.#numbers.delete(id);
  }

  definition(digest: string): StoredDefinition | undefined {
    const row = this.prepare('SELECT * FROM definitions WHERE digest = ?').get(digest);
    return row === undefined ? undefined : toDefinition(row);
  }

  execution(id: string): Execution | undefined {
    const row = this.prepare('SELECT * FROM executions WHERE no = ?').get(this.numberOf(id));
    return row === undefined ? undefined : toExecution(row, this.files);
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

  executions(query: ExecutionQuery): { executions: Execution[]; total: number } {
    const { workflow, projectId, status, definitionDigest, createdFrom, createdBefore, limit, offset = 0 } = query;
    const filters: [string, SQLInputValue | undefined][] = [
      ['workflow = ?', workflow],
      ['project_id = ?', projectId],
      ['status = ?', status],
      ['definition_digest = ?', definitionDigest],
      ['created_at >= ?', createdFrom],
      ['created_at < ?', createdBefore],
    ];
    const used = filters.filter((filter): filter is [string, SQLInputValue] => filter[1] !== undefined);
    const where = used.length === 0 ? '' : `WHERE ${used.map(([condition]) => condition).join(' AND ')}`;
    const values = used.map(([, value]) => value);
    const rows = this.prepare(`SELECT * FROM executions ${where} ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?`).all(
      ...values,
      limit,
      offset,
    );
    const total = Number(this.prepare(`SELECT count(*) AS total FROM executions ${where}`).get(...values)?.['total'] ?? 0);
    return { executions: rows.map((one) => toExecution(one, this.files)), total };
  }

  definitionsOf(name: string): StoredDefinition[] {
    return this.prepare('SELECT * FROM definitions WHERE name = ? ORDER BY created_at DESC, digest LIMIT 1000')
      .all(name)
      .map(toDefinition);
  }

  executionCounts(digest: string, limit: number): Partial<Record<ExecutionStatus, number>> {
    const count = this.prepare(
      'SELECT count(*) AS count FROM (SELECT 1 FROM executions WHERE definition_digest = ? AND status = ? LIMIT ?)',
    );
    const counts = EXECUTION_STATUSES.map(
      (status) => [status, Number(count.get(digest, status, limit)?.['count'] ?? 0)] as const,
    );
    return Object.fromEntries(counts.filter(([, found]) => found > 0));
  }

  openOnOther(workflow: string, digest: string, { limit, offset }: { limit: number; offset: number }): Execution[] {
    return this.prepare(
      `SELECT * FROM executions WHERE workflow = ? AND definition_digest <> ?
       AND status IN ('pending', 'running', 'waiting_clarification', 'waiting_acceptance', 'paused') ORDER BY created_at, id LIMIT ? OFFSET ?`,
    )
      .all(workflow, digest, limit, offset)
      .map((row) => toExecution(row, this.files));
  }

  withoutWakeUp(before: number, limit: number): Execution[] {
    return this.prepare(
      `SELECT * FROM executions WHERE status IN ('pending', 'running', 'paused') AND updated_at <= ? AND (status = 'paused' OR NOT EXISTS
       (SELECT 1 FROM journal WHERE execution = no AND state IN ('running', 'waiting') AND kind <> 'deadline')) ORDER BY updated_at, id LIMIT ?`,
    )
      .all(before, limit)
      .map((row) => toExecution(row, this.files));
  }

  openDigests(): string[] {
    return this.prepare(
      `SELECT digest FROM definitions WHERE EXISTS (SELECT 1 FROM executions WHERE definition_digest = digest
       AND status IN ('pending', 'running', 'waiting_clarification', 'waiting_acceptance', 'paused'))`,
    )
      .all()
      .map((row) => String(row['digest']));
  }

  unfinished(): string[] {
    // While one branch of a fork waits for a person, another one may have been under way. Those that are pending stand in a queue.
    return this.prepare(
      `SELECT id, created_at FROM executions WHERE status = 'running' UNION ALL
       SELECT id, created_at FROM executions WHERE status IN ('waiting_clarification', 'waiting_acceptance')
       AND definition_digest IN (SELECT digest FROM definitions WHERE source LIKE '%"fork"%') ORDER BY created_at`,
    )
      .all()
      .map((row) => String(row['id']));
  }

  journal(executionId: string): JournalEntry[] {
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
    return this.prepare(
      'SELECT journal.*, id AS execution_id FROM journal JOIN executions ON no = execution WHERE due_at IS NOT NULL AND due_at <= ? ORDER BY due_at LIMIT ?',
    )
      .all(now, limit)
      .map((row) => ({ executionId: String(row['execution_id']), entry: toEntry(row, this.files) }));
  }

  nextDue(): number | undefined {
    const due = this.prepare('SELECT min(due_at) AS due FROM journal WHERE due_at IS NOT NULL').get()?.['due'];
    return typeof due === 'number' ? due : undefined;
  }

  humanTask(id: string): StoredHumanTask | undefined {
    const row = this.prepare('SELECT * FROM human_tasks WHERE id = ?').get(id);
    return row === undefined ? undefined : toHumanTask(row, this.files);
  }

  humanTasks({
    executionId,
    state,
    limit,
  }: {
    executionId?: string;
    state?: StoredHumanTask['state'];
    limit: number;
  }): StoredHumanTask[] {
    const filters = [executionId === undefined ? '' : 'execution_id = ?', state === undefined ? '' : 'state = ?'].filter(Boolean);
    const where = filters.length === 0 ? '' : `WHERE ${filters.join(' AND ')}`;
    const values = [executionId, state].filter((value) => value !== undefined);
    return this.prepare(`SELECT * FROM human_tasks ${where} ORDER BY created_at, id LIMIT ?`)
      .all(...values, limit)
      .map((row) => toHumanTask(row, this.files));
  }

  events(executionId: string, after: number, limit: number): ExecutionEvent[] {
    return this.prepare('SELECT * FROM events WHERE execution = ? AND seq > ? ORDER BY seq LIMIT ?')
      .all(this.numberOf(executionId), after, limit)
      .map((row) => toEvent(executionId, row, this.files));
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
}
